/** @file Headline numbers of Bai et al. (EMNLP 2025, arXiv 2508.19594), for comparison; exact match / F1 in percent. */
export const paper = 'https://arxiv.org/abs/2508.19594';

/** Untuned → router-tuned. */
export const paperRouterTuning = [
  ['Model', 'SQuAD', 'NQ', 'HotpotQA', 'NQ-Swap', 'ConfiQA'],
  [
    'OLMoE-1B-7B',
    '26.6/49.4 → 80.5/88.1',
    '18.3/39.9 → 62.4/75.3',
    '27.0/46.1 → 60.4/76.1',
    '28.1/40.5 → 76.4/77.8',
    '38.7/49.9 → 76.9/79.9',
  ],
  [
    'DeepSeek-V2-Lite',
    '25.2/48.6 → 83.6/91.1',
    '25.9/48.1 → 65.1/77.5',
    '30.8/50.4 → 61.7/77.7',
    '27.4/38.0 → 82.2/84.3',
    '19.1/35.3 → 75.3/78.2',
  ],
  [
    'MiniCPM-MoE-8x2B',
    '45.8/65.1 → 80.5/89.0',
    '35.1/55.8 → 61.1/74.3',
    '38.9/57.3 → 60.7/76.6',
    '42.8/50.5 → 71.7/74.0',
    '38.6/48.2 → 65.7/70.3',
  ],
  [
    'Mixtral-8x7B',
    '21.1/43.5 → 49.6/63.2',
    '19.6/41.3 → 44.0/62.4',
    '25.5/43.4 → 57.0/73.2',
    '16.3/29.9 → 64.1/67.1',
    '12.3/20.3 → 67.6/74.9',
  ],
] as const;

/** On NQ-Swap. */
export const paperFineTuning = [
  ['Model', 'FFT', 'CEFT'],
  ['OLMoE-1B-7B', '88.3/88.8', '90.5/90.8'],
  ['DeepSeek-V2-Lite', '91.3/92.5', '92.7/93.6'],
  ['MiniCPM-MoE-8x2B', '90.4/91.0', '90.7/92.0'],
  ['Mixtral-8x7B', '68.0/69.6', '68.7/71.4'],
] as const;

/** Exact match on NQ-Swap. */
export const paperMasking = [
  ['Model', 'RT', 'RT, OE masked', 'RT, CE masked', 'base'],
  ['OLMoE-1B-7B', '76.4', '33.2', '18.5', '28.1'],
  ['MiniCPM-MoE-8x2B', '71.7', '46.5', '40.0', '42.8'],
] as const;

/** What the paper reports for OLMoE-1B-7B, claim by claim. */
export const paperFigures = {
  routerTuning: 'EM 28.1 → 76.4 (NQ-Swap)',
  masking: 'EM 76.4; OE masked 33.2, CE masked 18.5',
  ceft: 'EM 90.5, FFT 88.3; 13.8 times fewer parameters',
  contextGain: 'up to about 0.9, near layer 12 of 16',
  answerGain: 'up to about 8, near layer 12 of 16',
  probabilityGain: 'rises from layer 12 of 16 to about 0.8 at the last',
} as const;
