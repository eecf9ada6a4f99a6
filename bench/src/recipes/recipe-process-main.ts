import { type RecipeJob, runRecipeJob } from './recipe-job.ts';

// The process of our recipes: a job as its argument, the result on standard output, both JSON.
const job = JSON.parse(process.argv[2] ?? '') as RecipeJob;
process.stdout.write(JSON.stringify(await runRecipeJob(job)));
