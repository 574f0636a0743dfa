/** Which version answers a Classify: the one that was asked for, or its alias's canary. */
import { randomUUID } from 'node:crypto';
import { type Registry, STABLE } from '../../src/registry/registry.ts';
import { takes } from '../../src/registry/traffic.ts';
import type { Lease, ModelResidency } from './residency.ts';

export interface Route {
  /** A version or an alias, for `lease`. */
  readonly model: string;
  /** The alias that was asked for; empty when none was. */
  readonly alias: string;
  readonly side: 'primary' | 'canary';
  /** The caller's, or one made up. */
  readonly requestId: string;
}

/** A routed request, with its version held until it is released. */
export interface RoutedLease extends Lease {
  readonly route: Route;
}

export class Router {
  readonly #registry: Registry;
  readonly #residency: ModelResidency;

  constructor(registry: Registry, residency: ModelResidency) {
    this.#registry = registry;
    this.#residency = residency;
  }

  /** A canary that is not loaded, such as while an engine process starts, takes no requests. */
  route(model: string, requestId: string = randomUUID()): Route {
    const name = model === '' ? STABLE : model;
    const alias = this.#registry.aliases().has(name) ? name : '';
    const canary = alias === '' ? undefined : this.#registry.split(alias, 'canary');
    if (canary && takes(canary, requestId) && this.#residency.isLoaded(canary.version))
      return { model: canary.version, alias, side: 'canary', requestId };
    return { model: name, alias, side: 'primary', requestId };
  }

  /** Loaded first, for who would rather do without an answer than wait for longer. Errors: those of `ModelResidency.lease`. */
  async lease(model: string, requestId: string, signal: AbortSignal, mostMs: number): Promise<RoutedLease> {
    const route = this.route(model, requestId);
    return { route, ...(await this.#residency.lease(route.model, signal, mostMs)) };
  }

  /** Not loaded first: the batcher's queue, which is bounded, is where calls wait for the engine. MODEL_NOT_FOUND. */
  hold(model: string, requestId: string | undefined): RoutedLease {
    const route = this.route(model, requestId);
    return { route, ...this.#residency.hold(route.model) };
  }
}
