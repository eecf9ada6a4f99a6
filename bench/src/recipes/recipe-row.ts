import type { Bar } from '../suite/bar.ts';
import type { RecipeWork } from './recipe-job.ts';

/** The libraries of recipes that are compared, in the order of the table. */
export const recipeNames = ['curator', 'recipes'] as const;

export type RecipeName = (typeof recipeNames)[number];

/** As the table heads their columns. */
export const recipeTitles: Readonly<Record<RecipeName, string>> = {
  curator: 'Curator',
  recipes: '@zooid/recipes',
};

/** One row of the comparison of recipes. */
export interface RecipeRow {
  /** As `--only` matches it. */
  readonly id: string;
  readonly work: RecipeWork;
  readonly bar: Bar | undefined;
}

export const recipeRows: readonly RecipeRow[] = [
  { id: 'recipe lock hand-overs', work: 'lock', bar: { kind: 'ratio-at-least', value: 2 } },
  { id: 'recipe lock hand-overs, release not awaited', work: 'lock-ahead', bar: undefined },
  { id: 'recipe queue items', work: 'queue', bar: { kind: 'ratio-at-least', value: 2 } },
  {
    id: 'recipe queue items, locked',
    work: 'locked-queue',
    bar: { kind: 'ratio-at-least', value: 2 },
  },
];
