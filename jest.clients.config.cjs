/**
 * Real clients that are too large for the tests of every change (Kodi with a display). `npm run test:clients` runs
 * them; see docs/integrations.md.
 */
module.exports = {
  ...require('./jest.base.cjs'),
  displayName: 'clients',
  roots: ['<rootDir>/test/clients'],
  testMatch: ['**/*.client-spec.ts'],
  testTimeout: 300000,
  maxWorkers: 1,
};
