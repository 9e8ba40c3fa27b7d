/**
 * The order of test files: projects with long ones first and the many short ones last, so that at the end no worker is left alone with minutes of work,
 * and files that share a process follow each other.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Projects, those with long files first. */
const ORDER = ['conformance', 'differential', 'firmware', 'e2e', 'alone', 'unit'];

export default class ByProject extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ project }: TestSpecification) => ORDER.indexOf(project.name);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
