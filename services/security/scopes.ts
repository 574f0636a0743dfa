/** What a caller may do, and which method needs what. A method that is not listed here cannot be served. */
import { VigilError } from '../../src/errors.ts';

export const SCOPES = ['classify', 'synthesize', 'train', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** `open`: no credentials needed, and no quota counts it. `known`: any authenticated caller. */
export type Requirement = Scope | 'open' | 'known';

/**
 * Method → what it needs. Probes must answer whoever asks; reflection tells the shape of the API, which is public, but
 * only to those who may use some of it. What takes something away from others, or hands out weights, is `admin`.
 */
export const REQUIREMENTS: Readonly<Record<string, Requirement>> = {
  'grpc.health.v1.Health/Check': 'open',
  'grpc.health.v1.Health/Watch': 'open',
  'grpc.health.v1.Health/List': 'open',
  'grpc.reflection.v1.ServerReflection/ServerReflectionInfo': 'known',
  'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': 'known',
  'vigil.v1.ClassifierService/Classify': 'classify',
  'vigil.v1.ClassifierService/ClassifyStream': 'classify',
  'inference.GRPCInferenceService/ServerLive': 'open',
  'inference.GRPCInferenceService/ServerReady': 'open',
  'inference.GRPCInferenceService/ModelReady': 'classify',
  'inference.GRPCInferenceService/ServerMetadata': 'classify',
  'inference.GRPCInferenceService/ModelMetadata': 'classify',
  'inference.GRPCInferenceService/ModelInfer': 'classify',
  'inference.GRPCInferenceService/ModelConfig': 'classify',
  'inference.GRPCInferenceService/ModelStatistics': 'classify',
  'vigil.v1.SynthesizerService/Synthesize': 'synthesize',
  'vigil.v1.TrainingService/Train': 'train',
  'vigil.v1.TrainingService/WatchTraining': 'train',
  'vigil.v1.TrainingService/GetRun': 'train',
  'vigil.v1.TrainingService/ListRuns': 'train',
  'google.longrunning.Operations/ListOperations': 'train',
  'google.longrunning.Operations/GetOperation': 'train',
  'google.longrunning.Operations/WaitOperation': 'train',
  'google.longrunning.Operations/CancelOperation': 'train',
  'google.longrunning.Operations/DeleteOperation': 'admin',
  'vigil.v1.DatasetService/UploadDataset': 'train',
  'vigil.v1.DatasetService/ListDatasets': 'train',
  'vigil.v1.DatasetService/GetDataset': 'train',
  'vigil.v1.DatasetService/DeleteDataset': 'admin',
  'vigil.v1.ModelService/ListModelVersions': 'classify',
  'vigil.v1.ModelService/GetModelVersion': 'classify',
  'vigil.v1.ModelService/ListAliasChanges': 'train',
  'vigil.v1.ModelService/SetAlias': 'admin',
  'vigil.v1.ModelService/ExportModel': 'admin',
  'vigil.v1.ModelService/SetTraffic': 'admin',
  'vigil.v1.ModelService/ClearTraffic': 'admin',
  'vigil.v1.ModelService/DeleteModelVersion': 'admin',
  'vigil.v1.AuditService/ListAuditEntries': 'admin',
};

/** What a method needs. Throws for one that is not listed: a server with it does not start. */
export function requirementOf(method: string): Requirement {
  const requirement = Object.hasOwn(REQUIREMENTS, method) ? REQUIREMENTS[method] : undefined;
  if (!requirement) throw new Error(`${method} has no scope; services/security/scopes.ts must list it`);
  return requirement;
}

/** Scopes of a list; FIELD_INVALID for a word that is none. `field` names where they were read. */
export function parseScopes(words: readonly unknown[], field: string): ReadonlySet<Scope> {
  for (const word of words)
    if (!SCOPES.includes(word as Scope))
      throw VigilError.field(field, JSON.stringify(word) ?? 'nothing', SCOPES.join(', '));
  return new Set(words as Scope[]);
}

/** The scopes among `words`; others belong to other services that take the same tokens. */
export function knownScopes(words: readonly unknown[]): ReadonlySet<Scope> {
  return new Set(SCOPES.filter((scope) => words.includes(scope)));
}
