/** jose is the reference: our verification accepts and refuses the same tokens, except for unusual spellings. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errors, jwtVerify, SignJWT } from 'jose'
import { effort } from '../support/effort.ts'
import { SECRET } from '../support/service.ts'
import { compare } from './differential/compare.ts'
import { NOW, NOW_SECONDS, tokensWith } from './forge.ts'
import { kinds, names } from './kinds.ts'

const RUNS = effort(4000, 50_000)

test(`${RUNS} valid, mutated and hostile tokens, seed 20261122`, async (t) => {
  const counts = await compare(RUNS, 20261122)
  t.diagnostic(JSON.stringify(counts))
  for (const count of Object.values(counts)) assert.ok(count > RUNS / 200, 'each outcome comes up')
})

for (const name of names) {
  const { header, claims, sign } = kinds[name]

  test(`${name}: jose signs the same claims byte by byte as we do`, async () => {
    const options = { issuer: 'https://id.example', audience: 'api' }
    const members = Object.keys(
      JSON.parse(Buffer.from(sign(tokensWith()).split('.')[1] ?? '', 'base64url').toString()),
    )
    const ordered = Object.fromEntries(members.map((member) => [member, claims[member]]))
    const jose = new SignJWT({ ...ordered, iss: options.issuer, aud: options.audience })
    assert.equal(sign(tokensWith(options)), await jose.setProtectedHeader(header).sign(SECRET))
  })

  test(`${name}: jose accepts what we sign until it expires`, async () => {
    const check = (seconds: number) =>
      jwtVerify(sign(tokensWith()), SECRET, { currentDate: new Date((NOW_SECONDS + seconds) * 1000) })
    assert.equal((await check(0)).payload.sub, 'user')
    await assert.rejects(check(Number(claims['exp']) - NOW_SECONDS), errors.JWTExpired)
    assert.ok(NOW > 0)
  })
}
