/** @file `If`: work that is done only where it is needed, differentiable through both branches. */
import { gradients } from '../gradients';
import type { Body, BoolTensor, FloatTensor, GradientContext, Graph, TapeEntry, Tensor } from '../graph';
import { identity, zerosLike } from './shaping';

/**
 * Runs one of two sub-graphs. Both give the same number of float32 tensors; types and shapes are the first branch's.
 * The backward pass computes the values inside the taken branch again, but for outputs that are saved.
 */
export function conditional(
  condition: BoolTensor,
  thenBranch: () => readonly FloatTensor[],
  elseBranch: () => readonly FloatTensor[],
): FloatTensor[] {
  const { graph } = condition;
  const thenBody = branch(graph, thenBranch);
  const elseBody = branch(graph, elseBranch);
  if (thenBody.outputs.length !== elseBody.outputs.length)
    throw new Error('If: branches give different numbers of tensors');
  const captured = capturedTensors([thenBody, elseBody]);
  let outputs: FloatTensor[] = [];
  graph.composite(
    'If',
    captured,
    () => {
      outputs = graph.emit(
        { operator: 'If', inputs: [condition], bodies: { then_branch: thenBody, else_branch: elseBody } },
        thenBody.outputs.map(({ dtype, shape }) => ({ dtype, shape })),
      ) as FloatTensor[];
      return outputs;
    },
    context => branchGradients(condition, thenBody, elseBody, context),
  );
  return outputs;
}

/** ONNX wants a branch to compute each of its outputs itself: others get a name of their own. */
function branch(graph: Graph, build: () => readonly FloatTensor[]): Body {
  return graph.body(scope => {
    const outputs = build();
    const computed = new Set(scope.nodes.flatMap(node => node.outputs));
    return outputs.map((output, i) =>
      computed.has(output) && outputs.indexOf(output) === i ? output : identity(output),
    );
  });
}

function branchGradients(
  condition: BoolTensor,
  thenBody: Body,
  elseBody: Body,
  { inputs, outputs, gradients: outputGradients, wanted, saved }: GradientContext,
): (FloatTensor | undefined)[] {
  const targets = inputs.filter((_, i) => wanted[i]);
  const backward = (body: Body) => (): FloatTensor[] => {
    // A saved output stands for the value inside the branch that it was: captured, not computed again.
    const known = new Map<Tensor, Tensor>();
    body.outputs.forEach((inner, i) => {
      if (saved.has(outputs[i])) known.set(inner, outputs[i]);
    });
    const copy = copyBody(body, known);
    const seeds = copy.outputs.flatMap((output, i) => {
      const gradient = outputGradients[i];
      return gradient ? [{ output: output as FloatTensor, gradient }] : [];
    });
    const found = gradients(seeds, targets, { tape: copy.tape });
    return found.map((gradient, i) => gradient ?? zerosLike(targets[i]));
  };
  const results = conditional(condition, backward(thenBody), backward(elseBody));
  let next = 0;
  return wanted.map(isWanted => (isWanted ? results[next++] : undefined));
}

/**
 * Emits the body's nodes again into the current scope, and gives its tape in terms of the copies. `known` values are
 * taken over as they are; what only they needed is left out when the model is cut.
 */
function copyBody(body: Body, known: ReadonlyMap<Tensor, Tensor>): { outputs: Tensor[]; tape: TapeEntry[] } {
  const copies = new Map<Tensor, Tensor>();
  const visible = (tensor: Tensor): Tensor => known.get(tensor) ?? copies.get(tensor) ?? tensor;
  for (const { operator, domain, attributes, bodies, inputs, outputs } of body.scope.nodes) {
    if (Object.keys(bodies).length > 0) throw new Error('If: nested branches cannot be differentiated');
    const results = outputs[0].graph.emit(
      { operator, domain, attributes, inputs: inputs.map(visible) },
      outputs.map(({ dtype, shape }) => ({ dtype, shape })),
    );
    outputs.forEach((output, i) => copies.set(output, results[i]));
  }
  const tape = body.scope.tape.map(entry => ({
    ...entry,
    inputs: entry.inputs.map(visible),
    outputs: entry.outputs.map(visible),
  }));
  return { outputs: body.outputs.map(visible), tape };
}

/** What the bodies read from the scopes around them, in order of first use. */
function capturedTensors(bodies: readonly Body[]): Tensor[] {
  const captured = new Set<Tensor>();
  for (const { scope, outputs } of bodies) {
    const inner = new Set(scope.nodes.flatMap(node => node.outputs));
    const nested = scope.nodes.flatMap(node => capturedTensors(Object.values(node.bodies)));
    for (const tensor of [...scope.nodes.flatMap(node => node.inputs), ...nested, ...outputs]) {
      if (!inner.has(tensor)) captured.add(tensor);
    }
  }
  return [...captured];
}
