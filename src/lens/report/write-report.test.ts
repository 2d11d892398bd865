/** @file The report's file: complete, sealed, and safe with hostile names. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { InputError } from '../../common/errors';
import type { ContextDependence, MetricLine, RunRecord } from '../../protocol/artifacts';
import { ReportDataSchema } from '../../protocol/report-page';
import { reportPage, writeReport } from './write-report';

const run: RunRecord = {
  schema_version: 1,
  job: 'identify',
  status: 'done',
  created: '2025-06-12T14:02:11Z',
  finished: '2025-06-12T14:05:11Z',
  settings: { lr: 5e-4, seed: 0 },
  model: {
    path: 'models/</script><script>alert(1)</script>',
    name: '<img src=x onerror=alert(1)>',
    family: 'olmoe',
    bytes: 1000,
    config_sha256: 'ab',
    weights_sha256: 'cd',
    num_layers: 1,
    moe_layers: [0],
    num_experts: 2,
    top_k: 1,
    parameters: 500,
  },
  datasets: [
    { split: 'train', path: 'train.json', bytes: 10, sha256: 'ef', samples: 4, used: 3, dropped: 1 },
  ],
  engine: {
    router_lens: '0.1.0',
    onnxruntime: '1.30.0',
    node: '20.0.0',
    execution_provider: 'cpu',
    threads: 2,
    memory_mode: 'resident',
  },
  timings: { train: 1.5 },
  memory: {},
  results: {
    trainable_parameters: 8,
    steps: 2,
    base: { em: 10, f1: 20, samples: 5 },
    tuned: { em: 50, f1: 60, samples: 5 },
  },
};
const metrics: MetricLine[] = [
  { step: 1, epoch: 0.5, loss: 2, lr: 1e-4, grad_norm: 1, tokens_per_s: 100 },
  { step: 1, epoch: 0.5, split: 'dev', loss: 1.9 },
];
const contextDependence: ContextDependence = {
  schema_version: 1,
  k: 1,
  top_k: 1,
  num_experts: 2,
  samples: 3,
  ratio: { base: { '0': [0.75, 0.25] }, tuned: { '0': [0.25, 0.75] } },
  count: { base: { '0': [3, 1] }, tuned: { '0': [1, 3] } },
  ce: { '0': [1] },
  oe: { '0': [0] },
};

/** The contents of the elements of one kind, with their attributes. */
function elements(html: string, name: string): { attributes: string; text: string }[] {
  return [...html.matchAll(new RegExp(`<${name}\\b([^>]*)>([\\s\\S]*?)</${name}>`, 'g'))].map(
    ([, attributes, text]) => ({ attributes, text }),
  );
}

const dataOf = (html: string): unknown =>
  JSON.parse(
    elements(html, 'script').find(({ attributes }) => attributes.includes('application/json'))?.text ?? '',
  );

describe('reportPage', () => {
  const script = 'const end = "</script>"; const other = "</SCRIPT>";';
  const html = reportPage(
    { run, metrics, context_dependence: contextDependence },
    script,
    'body { color: red }',
  );

  it('holds the data as it was', () => {
    expect(v.parse(ReportDataSchema, dataOf(html))).toEqual({
      run,
      metrics,
      context_dependence: contextDependence,
    });
  });

  it('keeps names out of the markup', () => {
    expect(html).not.toContain('<img');
    expect(html).not.toContain('<script>alert');
    expect(elements(html, 'script')).toHaveLength(2);
  });

  it('allows its own script and style by their hashes, and no network', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
    const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const [, page] = elements(html, 'script');
    const [style] = elements(html, 'style');
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      'img-src data:',
      'font-src data:',
      `style-src ${hashOf(style.text)}`,
      `script-src ${hashOf(page.text)}`,
    ]);
    expect(html).not.toMatch(/<[a-z][^<>]*\s(src|href)=/);
  });

  it('keeps the meaning of a script that names its own end tag', () => {
    const [, page] = elements(html, 'script');
    expect(page.text).toBe('const end = "<\\/script>"; const other = "<\\/SCRIPT>";');
  });
});

describe('writeReport', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'report-'));
    writeFileSync(path.join(folder, 'report.js'), 'let a;');
    writeFileSync(path.join(folder, 'report.css'), 'a {}');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);

  it('gathers the files of the run', () => {
    write('run.json', JSON.stringify(run));
    write('metrics.jsonl', metrics.map(line => `${JSON.stringify(line)}\n`).join(''));
    write('context-dependence.json', JSON.stringify(contextDependence));
    const file = writeReport(folder, folder);
    expect(file).toBe(path.join(folder, 'report.html'));
    expect(dataOf(readFileSync(file, 'utf8'))).toEqual({
      run,
      metrics,
      context_dependence: contextDependence,
    });
  });

  it('reports a run that ended early', () => {
    write('run.json', JSON.stringify({ ...run, status: 'cancelled', results: {} }));
    const data = v.parse(ReportDataSchema, dataOf(readFileSync(writeReport(folder, folder), 'utf8')));
    expect([data.run.status, data.metrics, data.context_dependence]).toEqual(['cancelled', [], undefined]);
  });

  it('says what is wrong with a folder that holds no run', () => {
    expect(() => writeReport(folder, folder)).toThrow(InputError);
    write('run.json', '{"schema_version": 1}');
    expect(() => writeReport(folder, folder)).toThrow(/run\.json/);
  });

  it('says that the installation is incomplete', () => {
    write('run.json', JSON.stringify(run));
    expect(() => writeReport(folder, path.join(folder, 'nowhere'))).toThrow(/report\.js is missing/);
  });
});
