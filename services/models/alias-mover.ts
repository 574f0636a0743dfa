import type { Logger } from 'pino';
import { VigilError } from '../../src/errors.ts';
import { type GateReport, notComparable } from '../../src/registry/gate-report.ts';
import { checkExpected, STABLE } from '../../src/registry/registry.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { AuditLog, ModelStore } from '../storage/store.ts';
import type { PromotionGate } from './gate.ts';
import type { ModelResidency } from './residency.ts';

export interface MoverSettings {
  readonly store: ModelStore & AuditLog;
  readonly gate: PromotionGate;
  readonly residency: ModelResidency;
  readonly log: Logger;
  readonly now: () => number;
}

export interface MoveRequest {
  readonly alias: string;
  readonly target: VersionRecord;
  /** What the alias must point at now; anything when undefined. */
  readonly expected: string | undefined;
  /** Overrules the gate. */
  readonly force: boolean;
  readonly reason: string;
  readonly principal: string;
}

export interface MoveResult {
  /** False when the gate refused. */
  readonly moved: boolean;
  readonly previous: string;
  /** Undefined for aliases other than `stable`. */
  readonly gate: GateReport | undefined;
}

/** Points aliases at versions: through the gate, loaded first, written down. */
export class AliasMover {
  readonly #settings: MoverSettings;

  constructor(settings: MoverSettings) {
    this.#settings = settings;
  }

  /** Errors: ALIAS_CONFLICT, ARTIFACT_CORRUPT, MODEL_INCOMPATIBLE, ENGINE_UNAVAILABLE, or the signal's reason. */
  async move(request: MoveRequest, signal?: AbortSignal): Promise<MoveResult> {
    const { store, residency, log, now } = this.#settings;
    const { alias, target, expected, force, reason, principal } = request;
    const before = (await store.aliases()).get(alias) ?? '';
    checkExpected(alias, before, expected);
    const gate = alias === STABLE ? await this.#ask(request, before, signal) : undefined;
    const refused = gate?.passed === false;
    if (refused && !force) {
      await this.#audit(request, `version ${target.version} refused: ${gate.message}`);
      log.warn({ alias, version: target.version, reason: gate.reason }, 'promotion refused');
      return { moved: false, previous: before, gate };
    }
    const began = performance.now();
    // Loaded and warmed first: an alias never points at what cannot serve.
    const { release } = await residency.prepare(target);
    try {
      const move = { time: now(), principal, alias, version: target.version, reason, forced: refused, gate };
      // The gate's answer is about the version that was stable then.
      const { previous } = await store.moveAlias(move, expected ?? gate?.stable);
      residency.point(alias, target.version, (performance.now() - began) / 1000);
      const forced = refused ? `, forced (${reason}) although ${gate.message}` : '';
      await this.#audit(request, `version ${target.version}, before ${previous || 'none'}${forced}`);
      log.info({ alias, version: target.version, previous, forced: refused }, 'alias moved');
      return { moved: true, previous, gate };
    } finally {
      release();
    }
  }

  /** Force moves the alias also when the gate cannot be asked. */
  async #ask({ target, force }: MoveRequest, stable: string, signal?: AbortSignal): Promise<GateReport> {
    try {
      return await this.#settings.gate.check(target, signal);
    } catch (error) {
      if (!force || !(error instanceof VigilError) || signal?.aborted) throw error;
      return notComparable(error.message, { candidate: target.version, stable });
    }
  }

  #audit({ principal, alias }: MoveRequest, detail: string): Promise<void> {
    const { store, now } = this.#settings;
    return store.audit({ time: now(), principal, action: 'SetAlias', subject: alias, detail });
  }
}
