/** Starting our own modules in processes and threads, from the sources as from the build. */
const IS_SOURCE = import.meta.url.endsWith('.ts');

/** Node's type stripping does not know enums, which generated code has. */
export const EXEC_ARGV: readonly string[] = IS_SOURCE
  ? ['--experimental-transform-types', '--disable-warning=ExperimentalWarning']
  : [];

/** The module `name` beside the one at `url`. */
export const siblingModule = (url: string, name: string): URL =>
  new URL(IS_SOURCE ? `${name}.ts` : `${name}.js`, url);
