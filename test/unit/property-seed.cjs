// Property tests use the same seed everywhere, so that a failure comes from a change and not from a new seed.
// `npm run fuzz` uses another seed for each file, and prints it here.
const fc = require('fast-check');

if (process.env.PROPERTY_SEED !== 'random') fc.configureGlobal({ seed: 20260701 });
