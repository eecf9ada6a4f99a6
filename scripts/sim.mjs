// `npm run sim`: installs and compiles what is missing, then simulates. Arguments: `npm run sim -- --help`.

import { setUp } from './set-up.mjs';

setUp('packages/sim');
await import(new URL('../packages/sim/dist/main.js', import.meta.url).href);
