import type { Reporter, TestModule } from 'vitest/node';

/** Says why tests were skipped, and ends the run with one plain line, `N passed, N failed, N skipped`, that any CI can read. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    let skipped = 0;
    const reasons = new Map<string, number>();
    for (const module of modules) {
      if (module.state() === 'failed' && module.errors().length > 0) failed += 1;
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failed += 1;
        else {
          skipped += 1;
          const note = (test.result() as { note?: string }).note;
          if (note) reasons.set(note, (reasons.get(note) ?? 0) + 1);
        }
      }
    }
    // After the default reporter's own summary, so that this is the last line.
    process.once('exit', () => {
      for (const [reason, tests] of reasons) process.stdout.write(`${tests} skipped: ${reason}\n`);
      process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
    });
  }
}
