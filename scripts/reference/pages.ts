import { clientErrorsPage } from './client-errors-page.ts';
import { commandLinePage } from './command-line-page.ts';
import { configurationPage } from './configuration-page.ts';
import { errorsPage } from './errors-page.ts';
import { shellPage } from './shell-page.ts';

/** A page that is made from the sources. */
export interface ReferencePage {
  /** Relative to the root of the checkout. */
  readonly path: string;
  readonly make: () => string;
}

/** All of them. */
export const referencePages: readonly ReferencePage[] = [
  { path: 'docs/reference/client-errors.md', make: clientErrorsPage },
  { path: 'docs/reference/command-line.md', make: commandLinePage },
  { path: 'docs/reference/configuration.md', make: configurationPage },
  { path: 'docs/reference/errors.md', make: errorsPage },
  { path: 'docs/reference/shell.md', make: shellPage },
];
