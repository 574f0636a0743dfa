import { create, createFileRegistry, type DescMethod, fromBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import type { Connection } from '../../services/client/client.ts';
import { ServerReflection } from '../../services/gen/grpc/reflection/v1/reflection_pb.ts';

/** Every method that the server says it has, by reflection: a service that is added is fuzzed from its first day. */
export async function servedMethods(connection: Connection): Promise<DescMethod[]> {
  const reflection = connection.service(ServerReflection);
  const ask = async (...requests: { case: 'listServices' | 'fileContainingSymbol'; value: string }[]) => {
    const answers = [];
    const messages = requests.map((messageRequest) => ({ messageRequest }));
    for await (const { messageResponse } of reflection.serverReflectionInfo(messages))
      answers.push(messageResponse);
    return answers;
  };
  const [listed] = await ask({ case: 'listServices', value: '' });
  if (listed?.case !== 'listServicesResponse') throw new Error('the server lists no services');
  const names = listed.value.service.map(({ name }) => name);
  const files = new Map<string, FileDescriptorProto>();
  for (const answer of await ask(
    ...names.map((value) => ({ case: 'fileContainingSymbol' as const, value })),
  )) {
    if (answer.case !== 'fileDescriptorResponse') throw new Error(`no file: ${JSON.stringify(answer)}`);
    for (const bytes of answer.value.fileDescriptorProto) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      files.set(file.name, file);
    }
  }
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: inOrder(files) }));
  return names.flatMap((name) => registry.getService(name)?.methods ?? []);
}

/** Files after those that they import. */
function inOrder(files: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
  const ordered = new Set<FileDescriptorProto>();
  const visit = (file: FileDescriptorProto): void => {
    for (const name of file.dependency) {
      const imported = files.get(name);
      if (imported && !ordered.has(imported)) visit(imported);
    }
    ordered.add(file);
  };
  for (const file of files.values()) visit(file);
  return [...ordered];
}
