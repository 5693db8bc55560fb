import type { Mutation } from '../mutation.ts'

/** Around the contract and releases: in openapi and .ci, and what the contract says of headers */
export const contractFaults: readonly Mutation[] = [
  {
    file: 'src/http/pipeline/respond.ts',
    find: "headers['Cache-Control'] ??= 'no-store'",
    replace: "headers['Cache-Control'] ??= 'public'",
    why: 'caches may keep tokens',
    tests: ['tests/contract/header-values.test.ts'],
  },
  {
    file: 'src/http/operations/refresh.ts',
    find: "        setHeader(c, 'Deprecation', DEPRECATED_SINCE)\n",
    replace: '',
    why: 'an exchange does not say that it is deprecated',
    tests: ['tests/contract/header-values.test.ts'],
  },
  {
    file: 'openapi/compare.ts',
    find: 'unknown.length + gone.length > 0',
    replace: 'unknown.length > 0',
    why: 'the list of accepted changes need not be true',
    tests: ['tests/contract/compare.test.ts'],
  },
  {
    file: 'openapi/supported.ts',
    find: '  allow(where, Object.keys(content), BODIES)\n',
    replace: '',
    why: 'the contract may promise a media type that the service refuses',
    tests: ['tests/contract/supported.test.ts'],
  },
  {
    file: '.ci/release.ts',
    find: 'KINDS.indexOf(kind) < KINDS.indexOf(needed)',
    replace: 'KINDS.indexOf(kind) > KINDS.indexOf(needed)',
    why: 'a patch release may break clients',
    tests: ['tests/packaging/release.program.ts'],
  },
  {
    file: '.ci/release.ts',
    find: "    git('read-tree', '--reset', '-u', head)\n",
    replace: '',
    why: 'a release that fails at its end leaves its files behind',
    tests: ['tests/packaging/release.build.ts'],
  },
]
