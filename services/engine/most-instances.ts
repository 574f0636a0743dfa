import type { EngineProcessSettings } from './protocol.ts';

/** As many instances as a process may turn out to have: there is a batch channel for each. */
export const mostInstances = ({ role, threads }: Pick<EngineProcessSettings, 'role' | 'threads'>): number =>
  role === 'serve' ? threads : 1;
