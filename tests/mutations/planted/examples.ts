import type { Mutation } from '../mutation.ts'

/** In docs/examples. Their tests need Chromium */
export const exampleFaults: readonly Mutation[] = [
  {
    file: 'docs/examples/axios.ts',
    find: 'config.begunIn === now ? token : undefined',
    replace: 'token',
    why: 'axios repeats the request of one user as the next one',
    tests: ['tests/browser/examples.browser.ts'],
  },
  {
    file: 'docs/examples/backend-for-frontend.ts',
    find: 'refreshes.get(token) ?? refresh(',
    replace: 'refresh(',
    why: 'a rendered site refreshes once for each request of a page',
    tests: ['tests/browser/examples-rendered.browser.ts'],
  },
  {
    file: 'docs/examples/react-native.ts',
    find: 'storage.setItem(KEY, JSON.stringify(stored))',
    replace: 'Promise.resolve()',
    why: 'an app that is launched again has forgotten its user',
    tests: ['tests/browser/examples-native.browser.ts'],
  },
]
