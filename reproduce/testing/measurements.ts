/** @file Measurements with round numbers, of two seeds. */
import type { Measurements, MethodResult, Score } from '../measurements';

const score = (em: number, f1 = em + 1): Score => ({ em, f1 });

/** Swap and closed-book EM of a tuning. */
function result(swap: number, closed: number, trainableParameters: number): MethodResult {
  return {
    scores: { swap: score(swap), true: score(90), closed: score(closed) },
    trainableParameters,
    trainingSeconds: 30,
    memory: 5e8,
  };
}

export const twoSeeds: Measurements = {
  model: {
    ...{ path: '/demo/tiny', name: 'tiny', family: 'olmoe', bytes: 2000, parameters: 1000 },
    ...{ config_sha256: '', weights_sha256: '' },
    ...{ num_layers: 2, moe_layers: [0, 1], num_experts: 8, top_k: 2 },
  },
  seeds: [0, 1],
  training: { epochs: 3 },
  trials: {
    rt: [
      { rate: 3e-3, devLoss: 0.5 },
      { rate: 1e-2, devLoss: 0.25 },
    ],
    ceft: [{ rate: 1e-3, devLoss: 0.125 }],
    fft: [{ rate: 3e-4, devLoss: 0.125 }],
  },
  chosenRates: { rt: 1e-2, ceft: 1e-3, fft: 3e-4 },
  samples: { swap: 40, true: 20, closed: 10, transfer: [6, 6, 5], inside: 8, map: 12 },
  base: { swap: score(30), true: score(99), closed: score(95) },
  methods: [
    {
      rt: result(80, 90, 10),
      ceft: result(88, 85, 100),
      fft: result(90, 60, 1000),
      esft: result(70, 80, 100),
      random: result(60, 80, 100),
    },
    {
      rt: result(84, 92, 10),
      ceft: result(92, 87, 100),
      fft: result(90, 50, 1000),
      esft: result(72, 80, 100),
      random: result(64, 80, 100),
    },
  ],
  masking: [
    {
      base: score(30),
      tuned: score(80),
      masked: [{ k: 2, ce: score(20), oe: score(40), random: score(70) }],
    },
    {
      base: score(30),
      tuned: score(84),
      masked: [{ k: 2, ce: score(24), oe: score(42), random: score(66) }],
    },
  ],
  randomMasks: 3,
  inside: [
    {
      contextGain: [0.1, 0.5],
      answerGain: [0, 2],
      probabilityGain: [0.3, 0.1],
      reliance: { base: 1, tuned: 3 },
    },
    {
      contextGain: [0.3, 0.5],
      answerGain: [0, 4],
      probabilityGain: [0.1, 0.3],
      reliance: { base: 1, tuned: 4 },
    },
  ],
  transfer: [
    {
      base: [30, 50, 90],
      gains: [
        [50, 10, -2],
        [20, 30, -4],
        [10, 2, 6],
      ],
    },
    {
      base: [30, 50, 90],
      gains: [
        [54, 14, 2],
        [24, 30, 0],
        [14, 2, 6],
      ],
    },
  ],
  experts: [
    { ce: { 0: [1, 2], 1: [3, 4] }, oe: { 0: [1, 2], 1: [5, 6] } },
    { ce: { 0: [2, 7], 1: [4, 3] }, oe: { 0: [2, 1], 1: [5, 6] } },
  ],
  map: '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
};
