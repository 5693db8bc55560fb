import type { Mutation } from '../mutation.ts'

/** In src/client and src/cli */
export const clientAndCommandFaults: readonly Mutation[] = [
  {
    file: 'src/client/session.ts',
    find: '    if (epoch !== begun) token = undefined\n',
    replace: '',
    why: 'the request of one user is sent with the token of the next one',
    tests: ['tests/client/fetch.test.ts'],
  },
  {
    file: 'src/client/session.ts',
    find: 'if (!next || next === token || epoch !== begun) return response',
    replace: 'if (!next || next === token) return response',
    why: 'the request of one user is repeated with the token of the next one',
    tests: ['tests/client/adversity.test.ts'],
  },
  {
    file: 'src/client/session.ts',
    find: "token && tried ? { credentials: 'omit' } : {}",
    replace: '{}',
    why: 'a logout that is tried again ends the session of somebody who has logged in since',
    tests: ['tests/client/logout.test.ts'],
  },
  {
    file: 'src/client/tabs.ts',
    find: '        await hold(name, within(lockTimeout / 2), begin)\n        await',
    replace: '        await',
    why: 'a tab takes the lock away from one that has it for a moment only',
    tests: ['tests/client/tabs.test.ts'],
  },
  {
    file: 'src/client/tokens.ts',
    find: 'Math.max(performance.now() - startedAt, Date.now() - receivedAt)',
    replace: 'performance.now() - startedAt',
    why: 'a token seems to be good after the device was asleep',
    tests: ['tests/client/lifetime.test.ts'],
  },
  {
    file: 'src/client/request.ts',
    find: 'body.code === status || (response.ok && isGrant(body))',
    replace: 'true',
    why: 'the 401 of a proxy logs somebody out',
    tests: ['tests/client/adversity.test.ts'],
  },
  {
    file: 'src/client/request.ts',
    find: 'sent >= tries || Date.now() + delay > end',
    replace: 'sent >= tries',
    why: 'a try that begins after the grace of the server looks like a theft',
    tests: ['tests/client/adversity.test.ts'],
  },
  {
    file: 'src/cli/serve-signals.ts',
    find: '    if (process.ppid === parent) return\n',
    replace: '    if (process.ppid !== 0) return\n',
    why: 'the service runs on without a parent when npx has ended',
    tests: ['tests/cli/stops.test.ts'],
  },
  {
    file: 'src/cli/serve.ts',
    find: '    core.shutdown.draining = true\n',
    replace: '',
    why: '/readyz says that all is well while the service stops',
    tests: ['tests/cli/serve.test.ts'],
  },
  {
    file: 'src/cli/output.ts',
    find: '...rows.map((row) => row.map(printable))',
    replace: '...rows',
    why: 'a terminal obeys what stands in a username',
    tests: ['tests/cli/users.test.ts'],
  },
  {
    file: 'src/cli/failure.ts',
    find: "return line.replace(/ but got (\\d+):.*$/s, ' but got $1.')",
    replace: 'return line',
    why: 'a password that was given as an argument is repeated',
    tests: ['tests/cli/usage.test.ts', 'tests/cli/failures.test.ts', 'tests/cli/users.test.ts'],
  },
]
