import type { Bar } from '../suite/bar.ts';

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
  readonly bar: Bar | undefined;
}

export const recipeRows: readonly RecipeRow[] = [
  { id: 'recipe lock hand-overs', bar: { kind: 'ratio-at-least', value: 2 } },
];
