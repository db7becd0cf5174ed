#!/usr/bin/env node
import '../scripts/lib/supported-node.cjs';

// Read after the check of the version only: an older Node.js does not know its syntax.
import('../scripts/acefleet.mjs');
