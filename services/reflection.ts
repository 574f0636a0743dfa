/** gRPC server reflection, v1 and v1alpha, from the generated descriptors and all that they import. */
import { type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import type { ServerReflection } from './gen/grpc/reflection/v1/reflection_pb.ts';
import type { ServerReflection as ServerReflectionAlpha } from './gen/grpc/reflection/v1alpha/reflection_pb.ts';
import type { ServiceHandlers } from './rpc/handler.ts';

/** The part of a request that both versions share. */
interface ReflectionRequest {
  readonly host: string;
  readonly messageRequest:
    | {
        readonly case:
          | 'fileByFilename'
          | 'fileContainingSymbol'
          | 'allExtensionNumbersOfType'
          | 'listServices';
        readonly value: string;
      }
    | {
        readonly case: 'fileContainingExtension';
        readonly value: { readonly containingType: string; readonly extensionNumber: number };
      }
    | { readonly case: undefined; readonly value?: undefined };
}

/** The part of a response that both versions share. */
type ReflectionAnswer =
  | {
      readonly case: 'fileDescriptorResponse';
      readonly value: { readonly fileDescriptorProto: Uint8Array[] };
    }
  | {
      readonly case: 'listServicesResponse';
      readonly value: { readonly service: { readonly name: string }[] };
    }
  | {
      readonly case: 'allExtensionNumbersResponse';
      readonly value: { readonly baseTypeName: string; readonly extensionNumber: number[] };
    }
  | {
      readonly case: 'errorResponse';
      readonly value: { readonly errorCode: number; readonly errorMessage: string };
    };

interface NamedDescriptor {
  readonly typeName: string;
  readonly nestedMessages?: readonly NamedDescriptor[];
  readonly nestedEnums?: readonly NamedDescriptor[];
}

/** Answers questions about a set of services. */
class ReflectionIndex {
  readonly #services: readonly string[];
  readonly #files = new Map<string, DescFile>();
  readonly #symbols = new Map<string, DescFile>();
  readonly #extensions = new Map<string, Map<number, DescFile>>();

  constructor(services: readonly DescService[], files: readonly DescFile[]) {
    this.#services = services.map(({ typeName }) => typeName).sort();
    for (const { file } of services) this.#add(file);
    for (const file of files) this.#add(file);
  }

  answer({ messageRequest }: ReflectionRequest): ReflectionAnswer {
    switch (messageRequest.case) {
      case 'listServices':
        return { case: 'listServicesResponse', value: { service: this.#services.map((name) => ({ name })) } };
      case 'fileByFilename':
        return this.#file(this.#files.get(messageRequest.value), `file ${messageRequest.value}`);
      case 'fileContainingSymbol':
        return this.#file(
          this.#symbols.get(messageRequest.value.replace(/^\./, '')),
          `symbol ${messageRequest.value}`,
        );
      case 'fileContainingExtension': {
        const { containingType, extensionNumber } = messageRequest.value;
        const file = this.#extensions.get(containingType)?.get(extensionNumber);
        return this.#file(file, `extension ${extensionNumber} of ${containingType}`);
      }
      case 'allExtensionNumbersOfType': {
        const baseTypeName = messageRequest.value;
        if (!this.#symbols.has(baseTypeName)) return notFound(`type ${baseTypeName}`);
        const extensionNumber = [...(this.#extensions.get(baseTypeName)?.keys() ?? [])];
        return { case: 'allExtensionNumbersResponse', value: { baseTypeName, extensionNumber } };
      }
      default:
        return {
          case: 'errorResponse',
          value: { errorCode: status.INVALID_ARGUMENT, errorMessage: 'empty request' },
        };
    }
  }

  /** The file and, after it, everything it imports: strict clients do not ask again. */
  #file(file: DescFile | undefined, what: string): ReflectionAnswer {
    if (!file) return notFound(what);
    const all = new Map<string, DescFile>();
    const visit = (each: DescFile): void => {
      if (all.has(each.proto.name)) return;
      all.set(each.proto.name, each);
      each.dependencies.forEach(visit);
    };
    visit(file);
    const fileDescriptorProto = [...all.values()].map(({ proto }) =>
      toBinary(FileDescriptorProtoSchema, proto),
    );
    return { case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
  }

  #add(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    const define = (name: string): Map<string, DescFile> => this.#symbols.set(name, file);
    const defineTypes = (descriptors: readonly NamedDescriptor[]): void => {
      for (const { typeName, nestedMessages = [], nestedEnums = [] } of descriptors) {
        define(typeName);
        defineTypes(nestedMessages);
        defineTypes(nestedEnums);
      }
    };
    defineTypes(file.messages as readonly NamedDescriptor[]);
    defineTypes(file.enums);
    for (const service of file.services) {
      define(service.typeName);
      for (const method of service.methods) define(`${service.typeName}.${method.name}`);
    }
    for (const extension of file.extensions) {
      define(extension.typeName);
      const numbers = this.#extensions.get(extension.extendee.typeName) ?? new Map<number, DescFile>();
      this.#extensions.set(extension.extendee.typeName, numbers.set(extension.number, file));
    }
    for (const dependency of file.dependencies) this.#add(dependency);
  }
}

function notFound(what: string): ReflectionAnswer {
  return { case: 'errorResponse', value: { errorCode: status.NOT_FOUND, errorMessage: `no ${what}` } };
}

/**
 * One implementation for both versions: they differ in their package's name only. `files` are resolvable too: what
 * travels in Any fields and error details, which no service imports.
 */
export function createReflectionService(
  services: readonly DescService[],
  files: readonly DescFile[],
): ServiceHandlers<typeof ServerReflection> & ServiceHandlers<typeof ServerReflectionAlpha> {
  const index = new ReflectionIndex(services, files);
  return {
    serverReflectionInfo: async function* (requests: AsyncIterable<ReflectionRequest>) {
      for await (const request of requests) {
        yield { validHost: request.host, messageResponse: index.answer(request) };
      }
    },
  } as ServiceHandlers<typeof ServerReflection> & ServiceHandlers<typeof ServerReflectionAlpha>;
}
