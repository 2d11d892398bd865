/** @file A checkpoint that can be run: embedding, layers one by one, head. */
import { throwIfCancelled } from '../common/cancellation';
import { cutModel } from '../engine/onnx-model';
import { type ExecutionProvider, type HostTensor, Session, type SessionOptions } from '../engine/session';
import { type Architecture, attentionWindows, mixtureOf, moeLayers } from './architecture';
import { Checkpoint } from './checkpoint/checkpoint';
import { HeadSessions } from './head-sessions';
import type { KeyValueCache } from './key-value-cache';
import { type Feeds, type LayerRouting, LayerSessions } from './layer-sessions';
import type { DecoderLayerOptions } from './layers/decoder-layer';
import { embedding } from './layers/embedding';
import { isRouterFeed, routerFeeds, routerTensors } from './layers/router';
import { LoadBalancingSession } from './load-balancing-session';
import { type MemoryPlan, type MemorySettings, planMemory } from './memory-plan';
import {
  batchFeeds,
  checkBatch,
  hostIndices,
  type PackedBatch,
  type Past,
  rowFeeds,
  rowStarts,
} from './packed-batch';
import type { ForwardOptions, PassOptions, Routers, RowsOptions } from './pass-options';
import { checkTunedWeights, tunedByLayer, tunedNamed, type TunedWeights } from './tuned-weights';
import { headWeights, ownName } from './weight-names';
import { readWeight } from './weight-values';
import { type StepOptions, WholeModelStep } from './whole-model-step';

export interface ModelSettings extends MemorySettings {
  readonly executionProvider?: ExecutionProvider;
}

export class Model {
  readonly architecture: Architecture;
  /** Layers with a router, ascending. */
  readonly moeLayers: readonly number[];
  /** The routers of the checkpoint, or those given instead. */
  readonly baseRouters: Routers;
  readonly head: HeadSessions;
  /** Of layers that a balanced training takes one by one. */
  readonly loadBalancing: LoadBalancingSession;
  private readonly layers: Map<string, LayerSessions>;
  private readonly steps: Map<string, WholeModelStep>;
  private readonly tunedLayers: readonly Readonly<Record<string, HostTensor>>[];
  private readonly derived: Model[] = [];
  private embeddings: Promise<Session> | undefined;

  private constructor(
    readonly checkpoint: Checkpoint,
    readonly plan: MemoryPlan,
    readonly sessionOptions: SessionOptions,
    /** What the model is fed instead of weights of the checkpoint. */
    readonly tuned: TunedWeights = { tensors: new Map() },
    /** The model of the checkpoint as it is, whose sessions are shared. */
    private readonly base?: Model,
  ) {
    this.architecture = checkpoint.architecture;
    this.moeLayers = moeLayers(this.architecture);
    this.tunedLayers = tunedByLayer(tuned, this.architecture.layers.length);
    this.baseRouters = new Map(
      this.moeLayers.map(layer => {
        const stored = base?.baseRouters.get(layer) ?? readRouter(checkpoint, layer);
        const named = Object.entries(stored);
        return [
          layer,
          Object.fromEntries(named.map(([feed, value]) => [feed, this.tunedLayers[layer][feed] ?? value])),
        ];
      }),
    );
    this.layers = base?.layers ?? new Map<string, LayerSessions>();
    this.steps = base?.steps ?? new Map<string, WholeModelStep>();
    this.loadBalancing = base?.loadBalancing ?? new LoadBalancingSession(sessionOptions);
    const tunedHead = tunedNamed(tuned, headWeights(this.architecture).keys());
    this.head =
      base && Object.keys(tunedHead).length === 0
        ? base.head
        : new HeadSessions(checkpoint, this.architecture, sessionOptions, tunedHead);
  }

  /**
   * Opens a checkpoint folder for running.
   * @param settings.executionProvider default: the CPU
   * @throws InputError
   */
  static open(folder: string, { executionProvider = 'cpu', ...settings }: ModelSettings): Model {
    const checkpoint = Checkpoint.open(folder);
    const plan = planMemory(checkpoint, settings);
    const sessionOptions: SessionOptions = {
      executionProvider,
      memoryMode: plan.memoryMode,
      // Sessions are made when first used: by then the work is known.
      get arena() {
        return plan.arena;
      },
      threads: plan.threads,
      weightsFolder: checkpoint.weightsFolder,
    };
    return new Model(checkpoint, plan, sessionOptions);
  }

  /**
   * The checkpoint with other weights and low-rank additions, which it is fed: values that are changed in place count
   * from the next pass on. Layers without any run in the sessions of this model, whose release frees all.
   * @throws InputError if a weight is not one of the model's
   */
  withWeights(tuned: TunedWeights): Model {
    checkTunedWeights(this.architecture, tuned);
    const base = this.base ?? this;
    const model = new Model(base.checkpoint, base.plan, base.sessionOptions, tuned, base);
    base.derived.push(model);
    return model;
  }

  /** What a layer is fed of this model's own weights and low-rank additions: names without `layers.{l}.`. */
  tunedNames(layer: number): string[] {
    return Object.keys(this.tunedLayers[layer]);
  }

  /**
   * Layers of every kind, and those that are fed other weights than routers, which always are, are graphs of their own,
   * kept beside the plain ones.
   */
  layer(index: number, kind: Omit<DecoderLayerOptions, 'tuned'> = {}): LayerSessions {
    const { selectsRows = false, hasPast = false } = kind;
    const names = this.tunedNames(index).filter(name => !isRouterFeed(name));
    const { adapter } = this.tuned;
    const tuned = { names, ...(adapter ? { adapter } : {}) };
    const key = JSON.stringify([index, selectsRows, hasPast, ...(names.length > 0 ? [tuned] : [])]);
    const known = this.layers.get(key);
    if (known) return known;
    const { checkpoint, architecture, sessionOptions } = this;
    const created = new LayerSessions(checkpoint, architecture, index, sessionOptions, { ...kind, tuned });
    this.layers.set(key, created);
    return created;
  }

  /** The training step of the whole model in one graph, made when first asked for. */
  wholeStep(options: Omit<StepOptions, 'adapter'>): WholeModelStep {
    const { adapter } = this.tuned;
    const key = JSON.stringify([options, adapter ?? null]);
    const known = this.steps.get(key);
    if (known) return known;
    const complete = { ...options, ...(adapter ? { adapter } : {}) };
    const created = new WholeModelStep(this.checkpoint, complete, this.sessionOptions);
    this.steps.set(key, created);
    return created;
  }

  /** Hidden states [tokens, hidden] that enter the first layer. */
  async embed(batch: PackedBatch): Promise<HostTensor> {
    checkBatch(batch, this.architecture);
    const session = await this.embeddingSession();
    const name = ownName(this.architecture.embedding);
    const feeds = { ...tunedNamed(this.tuned, [name]), input_ids: hostIndices(batch.inputIds) };
    return Object.values(await session.run(feeds))[0];
  }

  private embeddingSession(): Promise<Session> {
    const name = ownName(this.architecture.embedding);
    const isFed = this.tuned.tensors.has(name);
    if (this.base && !isFed) return this.base.embeddingSession();
    const created = (): Promise<Session> => {
      const { graph, output } = embedding(this.checkpoint, this.architecture, isFed ? name : undefined);
      return Session.create(cutModel(graph, [output]), this.sessionOptions);
    };
    return (this.embeddings ??= created());
  }

  /** What every layer is fed beside its hidden states and its weights. */
  batchFeeds(batch: PackedBatch, past?: Past): Record<string, HostTensor> {
    return batchFeeds(batch, this.architecture.rotary, attentionWindows(this.architecture), past);
  }

  /** What a layer that goes on with some rows only is fed more. */
  rowFeeds(batch: PackedBatch, rows: readonly number[], past?: Past): Record<string, HostTensor> {
    return rowFeeds(batch, rows, attentionWindows(this.architecture), past);
  }

  /** What a layer is fed for its weights, for its router, and for the mask of its experts. */
  layerFeeds(layer: number, { routers = this.baseRouters, mask }: PassOptions): Record<string, HostTensor> {
    if (!this.moeLayers.includes(layer)) return this.tunedLayers[layer];
    const { experts } = mixtureOf(this.architecture, layer);
    const switchedOff = new Float32Array(experts);
    for (const expert of mask?.get(layer) ?? []) switchedOff[expert] = -Infinity;
    return {
      ...this.tunedLayers[layer],
      ...routers.get(layer),
      [routerFeeds.mask]: { data: switchedOff, shape: [experts] },
    };
  }

  /** Runs the layers; cancellable between them. @returns the residual stream after the last one, [tokens, hidden] */
  async forward(batch: PackedBatch, options: ForwardOptions = {}): Promise<HostTensor> {
    const { layers = this.architecture.layers.length } = options;
    return this.runLayers(batch, layers, this.batchFeeds(batch), options);
  }

  /**
   * Runs all layers for the sake of some rows: of the last layer only what they need is computed.
   * @param rows packed positions, each once, ascending
   * @returns the residual stream after the last layer, [rows, hidden]
   */
  async forwardRows(
    batch: PackedBatch,
    rows: readonly number[],
    { onRouting, ...options }: RowsOptions = {},
  ): Promise<HostTensor> {
    const last = this.architecture.layers.length - 1;
    const shared = this.batchFeeds(batch);
    const hidden = await this.runLayers(batch, last, shared, {
      ...options,
      onLayer: (layer, { routing }) => routing && onRouting?.(layer, routing),
    });
    const feeds = { ...shared, ...this.layerFeeds(last, options), hidden };
    const routing = onRouting && (await this.layer(last).routing(feeds));
    if (routing) onRouting(last, routing);
    const rowsLast = this.layer(last, { selectsRows: true });
    return (await rowsLast.forward({ ...feeds, ...this.rowFeeds(batch, rows) }, { attention: false })).output;
  }

  /**
   * Runs all layers on tokens that continue those of a cache, and adds them to it. Cancellable between layers; then the
   * cache is of no use any more.
   * @param batch a sample for each row of the cache
   * @returns the residual stream after the last layer for the last token of each sample, [samples, hidden]
   */
  async continue(batch: PackedBatch, cache: KeyValueCache, options: PassOptions = {}): Promise<HostTensor> {
    const last = this.architecture.layers.length - 1;
    const { past } = cache;
    const ends = rowStarts(batch).map((start, row) => start + batch.lengths[row] - 1);
    const shared = { ...this.batchFeeds(batch, past), ...this.rowFeeds(batch, ends, past) };
    let hidden = await this.embed(batch);
    for (let index = 0; index <= last; index++) {
      await throwIfCancelled(options.signal);
      const layer = this.layer(index, { hasPast: true, selectsRows: index === last });
      const feeds = { ...shared, ...cache.feeds(index), ...this.layerFeeds(index, options), hidden };
      const { output, memory } = await layer.forward(feeds, { attention: false });
      if (!memory) throw new Error(`layer ${index} gives no keys and values`);
      cache.write(index, memory, batch.lengths);
      hidden = output;
    }
    cache.advance(batch.lengths);
    return hidden;
  }

  /** The routing of every MoE layer, by layer: what comes after the last choice of experts is not computed. */
  async routing(batch: PackedBatch, options: PassOptions = {}): Promise<Map<number, LayerRouting>> {
    const shared = this.batchFeeds(batch);
    const found = new Map<number, LayerRouting>();
    const last = this.moeLayers[this.moeLayers.length - 1];
    const hidden = await this.runLayers(batch, last, shared, {
      ...options,
      onLayer: (layer, { routing }) => routing && found.set(layer, routing),
    });
    const feeds = { ...shared, ...this.layerFeeds(last, options), hidden };
    const routing = await this.layer(last).routing(feeds);
    return routing ? found.set(last, routing) : found;
  }

  /** The first `count` layers. */
  private async runLayers(
    batch: PackedBatch,
    count: number,
    shared: Feeds,
    { signal, attention = false, onLayer, ...options }: ForwardOptions,
  ): Promise<HostTensor> {
    let hidden = await this.embed(batch);
    for (let layer = 0; layer < count; layer++) {
      await throwIfCancelled(signal);
      const feeds = { ...shared, ...this.layerFeeds(layer, options), hidden };
      const result = await this.layer(layer).forward(feeds, { attention });
      onLayer?.(layer, result);
      hidden = result.output;
    }
    await throwIfCancelled(signal);
    return hidden;
  }

  /** Frees all sessions, and lets go of the models with other weights. What is run afterwards makes its own anew. */
  async release(): Promise<void> {
    if (!this.base) {
      for (const layer of this.layers.values()) await layer.release();
      this.layers.clear();
      for (const step of this.steps.values()) await step.release();
      this.steps.clear();
      await this.loadBalancing.release();
    }
    for (const model of this.derived.splice(0)) await model.release();
    if (this.head !== this.base?.head) await this.head.release();
    await (await this.embeddings)?.release();
    this.embeddings = undefined;
  }
}

function readRouter(checkpoint: Checkpoint, layer: number): Record<string, HostTensor> {
  const weights = [...routerTensors(mixtureOf(checkpoint.architecture, layer))];
  return Object.fromEntries(weights.map(([feed, weight]) => [feed, readWeight(checkpoint, weight)]));
}
