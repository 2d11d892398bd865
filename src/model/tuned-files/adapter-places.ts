/** @file Where PEFT looks for the low-rank additions to the weights of a model, and what it calls them. */
import type { Architecture, WeightReference } from '../architecture';
import { canonicalShape, weightsByTensor } from '../weight-names';
import { type FactorStack, factorStack } from './factor-stack';

/**
 * Whose module names an adapter has. `transformers4`: those of the checkpoint. `transformers5` keeps the experts of a
 * layer in one tensor whatever the checkpoint does: PEFT stacks the factors of single experts when it loads them, but
 * only if all experts have some.
 */
export const adapterLayouts = ['transformers4', 'transformers5'] as const;
export type AdapterLayout = (typeof adapterLayouts)[number];

/** The additions to what one stored tensor holds. */
export interface AdapterPlace {
  /** Names in the file are this with `.lora_A.weight` and `.lora_B.weight`. */
  readonly prefix: string;
  readonly stack: FactorStack;
  /** PEFT wraps a module once for each of its tensors: those with the same module are written all or none. */
  readonly module: string;
  /** What PEFT is told to add to: a linear layer, or a parameter that is no linear layer's own. */
  readonly target: { readonly kind: 'modules' | 'parameters'; readonly name: string };
}

/** Tensors of checkpoints that transformers 5 calls otherwise (its `conversion_mapping.py`). */
const renamings: readonly (readonly [stored: RegExp, parameter: string])[] = [
  [/block_sparse_moe\.input_linear\.weight$/, 'block_sparse_moe.experts.gate_up_proj'],
  [/block_sparse_moe\.output_linear\.weight$/, 'block_sparse_moe.experts.down_proj'],
  [/block_sparse_moe\.router\.layer\.weight$/, 'block_sparse_moe.router.weight'],
];

/** The places for additions to all matrices. */
export function adapterPlaces(architecture: Architecture, layout: AdapterLayout): AdapterPlace[] {
  const matrices = [...weightsByTensor(architecture)].filter(([, held]) => {
    const [weight] = held.values();
    return canonicalShape(weight).length === 2;
  });
  const places = matrices.map(([stored, held]) => {
    const name = layout === 'transformers5' ? renamed(stored) : stored;
    const module = name.slice(0, name.lastIndexOf('.'));
    return { module, stack: factorStack(held), target: targetOf(architecture, layout, name, held) };
  });
  return places.map((place, i) => {
    // The wrapper of the first tensor is innermost.
    const wrappers = places.slice(i + 1).filter(({ module }) => module === place.module).length;
    return { ...place, prefix: `base_model.model.${place.module}${'.base_layer'.repeat(wrappers)}` };
  });
}

/** Whether the place is that of a single expert, which transformers 5 knows only together with all others. */
export function isOneExpert({ stack: { experts, members } }: AdapterPlace): boolean {
  return experts === 1 && /^layers\.\d+\.experts\./.test(members[0].name);
}

function targetOf(
  { family }: Architecture,
  layout: AdapterLayout,
  name: string,
  held: ReadonlyMap<string, WeightReference>,
): AdapterPlace['target'] {
  const [[canonical, weight]] = held;
  const path = name.replace(/^model\./, '');
  const module = path.replace(/\.weight$/, '');
  const end = module.slice(module.lastIndexOf('.') + 1);
  if (weight.part) return { kind: 'parameters', name: path };
  // Routers are linear layers but for GPT-OSS; in transformers 5 none is, and modules around them have other names.
  if (canonical.endsWith('.router.weight') && layout === 'transformers5')
    return { kind: 'parameters', name: `${end}.weight` };
  if (canonical.endsWith('.router.weight') && family === 'gpt_oss') return { kind: 'parameters', name: path };
  const isExpert = canonical.includes('.experts.');
  return { kind: 'modules', name: isExpert && layout === 'transformers5' ? end : module };
}

function renamed(stored: string): string {
  const renaming = renamings.find(([pattern]) => pattern.test(stored));
  return renaming ? stored.replace(...renaming) : stored;
}
