/** @file A checkpoint that can be run: embedding, layers one by one, head. */
import { throwIfCancelled } from '../common/cancellation';
import { InputError } from '../common/errors';
import { cutModel } from '../engine/onnx-model';
import { type ExecutionProvider, type HostTensor, Session, type SessionOptions } from '../engine/session';
import {
  type Architecture,
  attentionWindows,
  mixtureOf,
  moeLayers,
  type WeightReference,
} from './architecture';
import { Checkpoint } from './checkpoint/checkpoint';
import { HeadSessions } from './head-sessions';
import type { KeyValueCache } from './key-value-cache';
import { type Feeds, type LayerForward, type LayerRouting, LayerSessions } from './layer-sessions';
import type { DecoderLayerOptions } from './layers/decoder-layer';
import { embedding } from './layers/embedding';
import { routerFeeds, routerTensors } from './layers/router';
import { type MemoryPlan, planMemory } from './memory-plan';
import { batchFeeds, hostIndices, type PackedBatch, type Past, rowFeeds, rowStarts } from './packed-batch';

/** For each MoE layer, what its router is fed: by default the weights of the checkpoint. */
export type Routers = ReadonlyMap<number, Readonly<Record<string, HostTensor>>>;

/** For each layer the experts that are switched off (router logits −∞). */
export type ExpertMask = ReadonlyMap<number, readonly number[]>;

export interface PassOptions {
  readonly routers?: Routers;
  readonly mask?: ExpertMask;
  readonly signal?: AbortSignal;
}

export interface ForwardOptions extends PassOptions {
  /** Keep the attention probabilities of every layer. */
  readonly attention?: boolean;
  /** Called with each layer's result as soon as it is there. */
  readonly onLayer?: (layer: number, result: LayerForward) => void;
}

export interface ModelSettings {
  readonly threads: number;
  readonly memoryBudget: number;
  readonly executionProvider?: ExecutionProvider;
}

export class Model {
  readonly architecture: Architecture;
  /** Layers with a router, ascending. */
  readonly moeLayers: readonly number[];
  /** The routers of the checkpoint. */
  readonly baseRouters: Routers;
  readonly head: HeadSessions;
  private readonly layers = new Map<string, LayerSessions>();
  private embeddingSession: Promise<Session> | undefined;

  private constructor(
    readonly checkpoint: Checkpoint,
    readonly plan: MemoryPlan,
    readonly sessionOptions: SessionOptions,
  ) {
    this.architecture = checkpoint.architecture;
    this.moeLayers = moeLayers(this.architecture);
    this.baseRouters = new Map(
      this.moeLayers.map(layer => {
        const stored = [...routerTensors(mixtureOf(this.architecture, layer))];
        const read = ({ name, shape }: WeightReference): HostTensor => ({
          data: checkpoint.read(name),
          shape,
        });
        return [layer, Object.fromEntries(stored.map(([feed, weight]) => [feed, read(weight)]))];
      }),
    );
    this.head = new HeadSessions(checkpoint, this.architecture, sessionOptions);
  }

  /**
   * Opens a checkpoint folder for running.
   * @param settings.threads 0: as many as there are cores
   * @param settings.memoryBudget bytes; 0: half of the machine's memory
   * @param settings.executionProvider default: the CPU
   * @throws InputError
   */
  static open(folder: string, { executionProvider = 'cpu', ...settings }: ModelSettings): Model {
    const checkpoint = Checkpoint.open(folder);
    const plan = planMemory(checkpoint, settings);
    return new Model(checkpoint, plan, {
      executionProvider,
      memoryMode: plan.memoryMode,
      threads: plan.threads,
      weightsFolder: checkpoint.weightsFolder,
    });
  }

  /** Layers of every kind are graphs of their own, kept beside the plain ones. */
  layer(index: number, options: DecoderLayerOptions = {}): LayerSessions {
    const { adapter = null, selectsRows = false, hasPast = false } = options;
    const key = JSON.stringify([index, adapter, selectsRows, hasPast]);
    const known = this.layers.get(key);
    if (known) return known;
    const { checkpoint, architecture, sessionOptions } = this;
    const created = new LayerSessions(checkpoint, architecture, index, sessionOptions, options);
    this.layers.set(key, created);
    return created;
  }

  /** Hidden states [tokens, hidden] that enter the first layer. */
  async embed(batch: PackedBatch): Promise<HostTensor> {
    this.checkBatch(batch);
    this.embeddingSession ??= this.createEmbeddingSession();
    const results = await (await this.embeddingSession).run({ input_ids: hostIndices(batch.inputIds) });
    return Object.values(results)[0];
  }

  private createEmbeddingSession(): Promise<Session> {
    const { graph, output } = embedding(this.checkpoint, this.architecture);
    return Session.create(cutModel(graph, [output]), this.sessionOptions);
  }

  /** What every layer is fed beside its hidden states and its router. */
  batchFeeds(batch: PackedBatch, past?: Past): Record<string, HostTensor> {
    return batchFeeds(batch, this.architecture.rotary, attentionWindows(this.architecture), past);
  }

  /** What a layer that goes on with some rows only is fed more. */
  rowFeeds(batch: PackedBatch, rows: readonly number[], past?: Past): Record<string, HostTensor> {
    return rowFeeds(batch, rows, attentionWindows(this.architecture), past);
  }

  /** What a layer is fed for its router and the mask of its experts; nothing if it has no router. */
  routerFeeds(layer: number, { routers = this.baseRouters, mask }: PassOptions): Record<string, HostTensor> {
    if (!this.moeLayers.includes(layer)) return {};
    const { experts } = mixtureOf(this.architecture, layer);
    const switchedOff = new Float32Array(experts);
    for (const expert of mask?.get(layer) ?? []) switchedOff[expert] = -Infinity;
    return { ...routers.get(layer), [routerFeeds.mask]: { data: switchedOff, shape: [experts] } };
  }

  /** Runs all layers; cancellable between them. @returns the residual stream after the last layer, [tokens, hidden] */
  async forward(batch: PackedBatch, options: ForwardOptions = {}): Promise<HostTensor> {
    const shared = this.batchFeeds(batch);
    return this.runLayers(batch, this.architecture.layers.length, shared, options);
  }

  /**
   * Runs all layers for the sake of some rows: of the last layer only what they need is computed.
   * @param rows packed positions, each once, ascending
   * @returns the residual stream after the last layer, [rows, hidden]
   */
  async forwardRows(
    batch: PackedBatch,
    rows: readonly number[],
    options: PassOptions = {},
  ): Promise<HostTensor> {
    const last = this.architecture.layers.length - 1;
    const shared = this.batchFeeds(batch);
    const hidden = await this.runLayers(batch, last, shared, options);
    const feeds = { ...shared, ...this.rowFeeds(batch, rows), ...this.routerFeeds(last, options), hidden };
    return (await this.layer(last, { selectsRows: true }).forward(feeds, { attention: false })).output;
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
      const feeds = { ...shared, ...cache.feeds(index), ...this.routerFeeds(index, options), hidden };
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
    const feeds = { ...shared, ...this.routerFeeds(last, options), hidden };
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
      const feeds = { ...shared, ...this.routerFeeds(layer, options), hidden };
      const result = await this.layer(layer).forward(feeds, { attention });
      onLayer?.(layer, result);
      hidden = result.output;
    }
    await throwIfCancelled(signal);
    return hidden;
  }

  /** Frees all sessions. */
  async release(): Promise<void> {
    for (const layer of this.layers.values()) await layer.release();
    this.layers.clear();
    await this.head.release();
    await (await this.embeddingSession)?.release();
    this.embeddingSession = undefined;
  }

  private checkBatch({ inputIds, lengths }: PackedBatch): void {
    const { vocabularySize, maxPositions } = this.architecture;
    if (inputIds.length === 0 || lengths.includes(0))
      throw new InputError('An empty row of tokens cannot be run.');
    const outside = inputIds.find(id => !(Number.isInteger(id) && id >= 0 && id < vocabularySize));
    if (outside !== undefined) {
      throw new InputError(
        `Token id ${outside} is outside of the vocabulary of ${vocabularySize}. Tokenizer and checkpoint do not belong together.`,
      );
    }
    const longest = Math.max(...lengths);
    if (longest > maxPositions) {
      throw new InputError(
        `A prompt of ${longest} tokens is longer than the model's ${maxPositions} positions. Shorten it.`,
      );
    }
  }
}
