import type { Mutation } from '../mutation.ts'

/** In src/tokens, src/users and src/config */
export const tokenAndUserFaults: readonly Mutation[] = [
  {
    file: 'src/tokens/jwt.ts',
    find: 'given.length === expected.length && timingSafeEqual(given, expected)',
    replace: 'given.equals(expected)',
    why: 'the time that a signature is compared for tells how much of it is right',
    tests: ['tests/tokens/verify.test.ts'],
  },
  {
    file: 'src/tokens/jwt.ts',
    find: 'Number(exp) > seconds(now)',
    replace: 'Number(exp) >= seconds(now)',
    why: 'a token is good for a second longer than it says',
    tests: ['tests/tokens/verify.test.ts'],
  },
  {
    file: 'src/tokens/jwt.ts',
    find: 'issuedAt === undefined || issuedAt > now + MAX_CLOCK_SKEW',
    replace: 'issuedAt === undefined',
    why: 'a token may come from the future',
    tests: ['tests/security/forgeries.test.ts'],
  },
  {
    file: 'src/tokens/access-token.ts',
    find: "type !== 'access' || ",
    replace: '',
    why: 'a token that says that it is for something else is an access token',
    tests: ['tests/security/forgeries.test.ts'],
  },
  {
    file: 'src/users/accounts.ts',
    find: 'await passwords.verify(found?.passwordHash, password)',
    replace: 'found !== undefined && (await passwords.verify(found.passwordHash, password))',
    why: 'a login with a name that nobody has is refused sooner',
    tests: ['tests/bench/enumeration.load.ts'],
  },
  {
    file: 'src/users/passwords.ts',
    find: "        if (padding !== undefined) await hash('', argon2id(padding))\n",
    replace: '',
    why: 'a wrong password of a user with an older hash is refused sooner than one of nobody',
    tests: ['tests/users/passwords.test.ts', 'tests/bench/enumeration.load.ts'],
  },
  {
    file: 'src/users/fold-case.ts',
    find: "    .replace(/\\p{Default_Ignorable_Code_Point}/gu, '')\n",
    replace: '',
    why: 'a name with an invisible character in it is another one',
    tests: ['tests/users/usernames.test.ts'],
  },
  {
    file: 'src/config/guessable.ts',
    find: 'Buffer.byteLength(secret) < minimumBytes',
    replace: 'secret.length < minimumBytes',
    why: 'the bytes of a secret are counted by its characters',
    tests: ['tests/config/guessable.test.ts'],
  },
  {
    file: 'src/config/kept-secret.ts',
    find: 'mode: 0o600, flush: true',
    replace: 'mode: 0o644, flush: true',
    why: 'others can read the secret that is kept',
    tests: ['tests/config/secrets.test.ts'],
  },
  {
    file: 'src/config/kept-secret.ts',
    find: 'mode: 0o600, flush: true',
    replace: 'mode: 0o600',
    why: 'a power cut takes the secret, on which sessions depend already',
    tests: ['tests/config/kept-secret.test.ts'],
  },
  {
    file: 'src/config/settings.ts',
    find: "production ? 'closed' : 'open'",
    replace: "production ? 'open' : 'closed'",
    why: 'anybody may register in production',
    tests: ['tests/config/settings.test.ts'],
  },
  {
    file: 'src/config/secrets.ts',
    find: "  if (keys.includes(admin))\n    mistakes.push('ADMIN_TOKEN must differ from JWT_SECRET_KEY and from the previous ones')\n",
    replace: '',
    why: 'whoever verifies access tokens may administer',
    tests: ['tests/config/secrets.test.ts'],
  },
]
