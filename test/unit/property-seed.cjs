// Property tests begin with the same seed everywhere, so that a change is judged by what it changed. `npm run fuzz`
// draws another seed for each file, and is told here.
const fc = require('fast-check');

if (process.env.PROPERTY_SEED !== 'random') fc.configureGlobal({ seed: 20260701 });
