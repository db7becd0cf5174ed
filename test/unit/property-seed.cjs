// Property tests use the same seed everywhere, so that a failure comes from a change and not from a new seed.
// `npm run fuzz` sets PROPERTY_SEED=random, so that each file gets another seed.
const fc = require('fast-check');

if (process.env.PROPERTY_SEED !== 'random') fc.configureGlobal({ seed: 20260701 });
