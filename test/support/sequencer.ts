/**
 * The order of test files: one project after the other, so that files which share a worker follow each other, and short files last, so that no CPU waits
 * for the other for long.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Projects, those with long files first. */
const ORDER = ['firmware', 'e2e', 'differential', 'conformance', 'alone', 'unit'];

export default class ByProject extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ project }: TestSpecification) => ORDER.indexOf(project.name);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
