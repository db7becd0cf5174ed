/** What all suites have in common. */
module.exports = {
  rootDir: __dirname,
  transform: { '^.+\\.ts$': '@swc/jest' },
  testEnvironment: 'node',
  // In a test's own context each look at a global costs some 100 ns, and loops over packets look at this one once per byte.
  // Modules get it as a parameter, so it has to be one that none of them declares.
  sandboxInjectedGlobals: ['Math'],
};
