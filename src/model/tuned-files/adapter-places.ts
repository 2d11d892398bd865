/** @file Where PEFT looks for the low-rank additions to the weights of a model, and what it calls them. */
import type { Architecture } from '../architecture';
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
  readonly target: AdapterTarget;
}

/** What PEFT is told to add to. */
export interface AdapterTarget {
  /** A linear layer, or a parameter that is no linear layer's own. */
  readonly kind: 'modules' | 'parameters';
  readonly name: string;
  /** Additions that stand side by side in the factors for it: those to the matrices of an expert. */
  readonly additions: number;
}

/** Tensors of checkpoints that transformers 5 calls otherwise (its `conversion_mapping.py`). */
const renamings: readonly (readonly [stored: RegExp, parameter: string])[] = [
  [/block_sparse_moe\.input_linear\.weight$/, 'block_sparse_moe.experts.gate_up_proj'],
  [/block_sparse_moe\.output_linear\.weight$/, 'block_sparse_moe.experts.down_proj'],
  [/block_sparse_moe\.router\.layer\.weight$/, 'block_sparse_moe.router.weight'],
];

/** Families whose routers are modules of their own, no linear layers, in transformers 4, too. */
const familiesWithRouterModules = ['deepseek_v2', 'gpt_oss'];

/** The places for additions to all matrices. */
export function adapterPlaces(architecture: Architecture, layout: AdapterLayout): AdapterPlace[] {
  const matrices = [...weightsByTensor(architecture)].filter(([, held]) => {
    const [weight] = held.values();
    return canonicalShape(weight).length === 2;
  });
  const places = matrices.map(([stored, held]) => {
    const name = layout === 'transformers5' ? renamed(stored) : stored;
    const module = name.slice(0, name.lastIndexOf('.'));
    const stack = factorStack(held);
    return { module, stack, target: targetOf(architecture, layout, name, stack) };
  });
  return places.map((place, i) => {
    // The wrapper of the first tensor is innermost.
    const wrappers = places.slice(i + 1).filter(({ module }) => module === place.module).length;
    return { ...place, prefix: `base_model.model.${place.module}${'.base_layer'.repeat(wrappers)}` };
  });
}

/** Whether the place is that of a single expert, which transformers 5 knows only together with all others. */
export function isOneExpert({ stack: { experts, members } }: AdapterPlace): boolean {
  return experts === 1 && isExpert(members[0].name);
}

function targetOf(
  { family }: Architecture,
  layout: AdapterLayout,
  name: string,
  { experts, matrices: additions, members: [{ name: canonical }] }: FactorStack,
): AdapterTarget {
  const path = name.replace(/^model\./, '');
  const module = path.replace(/\.weight$/, '');
  const end = module.slice(module.lastIndexOf('.') + 1);
  if (experts > 1) return { kind: 'parameters', name: path, additions };
  if (canonical.endsWith('.router.weight')) {
    // Modules around routers have other names in transformers 5 than in checkpoints.
    if (layout === 'transformers5') return { kind: 'parameters', name: `${end}.weight`, additions };
    if (familiesWithRouterModules.includes(family)) return { kind: 'parameters', name: path, additions };
  }
  if (layout === 'transformers5' && isExpert(canonical)) return expertTarget(family, canonical, end);
  return { kind: 'modules', name: module, additions };
}

/** What the factors of single experts are added to in transformers 5. */
function expertTarget(family: string, canonical: string, end: string): AdapterTarget {
  // PEFT (0.21) finds the parameters by the names of the linear layers that they took the place of.
  if (family !== 'qwen2_moe') return { kind: 'modules', name: end, additions: 1 };
  // It does so for all families but this one, whose additions it would leave out without a word.
  return canonical.endsWith('.down')
    ? { kind: 'parameters', name: 'experts.down_proj', additions: 1 }
    : { kind: 'parameters', name: 'experts.gate_up_proj', additions: 2 };
}

function isExpert(canonical: string): boolean {
  return /^layers\.\d+\.experts\./.test(canonical);
}

function renamed(stored: string): string {
  const renaming = renamings.find(([pattern]) => pattern.test(stored));
  return renaming ? stored.replace(...renaming) : stored;
}
