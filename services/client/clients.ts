import { Operations } from '../gen/google/longrunning/operations_pb.ts';
import { Health } from '../gen/grpc/health/v1/health_pb.ts';
import { AuditService } from '../gen/vigil/v1/audit_pb.ts';
import { ClassifierService } from '../gen/vigil/v1/classify_pb.ts';
import { DatasetService } from '../gen/vigil/v1/datasets_pb.ts';
import { ModelService } from '../gen/vigil/v1/models_pb.ts';
import { SynthesizerService } from '../gen/vigil/v1/synthesize_pb.ts';
import { TrainingService } from '../gen/vigil/v1/train_pb.ts';
import type { Connection } from './client.ts';

/** Clients of every service of one server. */
export function clientsOf(connection: Connection) {
  return {
    classifier: connection.service(ClassifierService),
    synthesizer: connection.service(SynthesizerService),
    training: connection.service(TrainingService),
    operations: connection.service(Operations),
    models: connection.service(ModelService),
    datasets: connection.service(DatasetService),
    audit: connection.service(AuditService),
    health: connection.service(Health),
  };
}

export type Clients = ReturnType<typeof clientsOf>;
