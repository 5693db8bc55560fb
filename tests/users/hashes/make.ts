/** Writes vectors.json: password hashes that other libraries have made. `PYTHON` is the interpreter for make.py. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import bcryptjs from 'bcryptjs'
import { FirebaseScrypt } from 'firebase-scrypt'
import type { Vector } from './vectors.ts'

const PYTHON = process.env['PYTHON'] ?? '/usr/bin/python3'

const ofPython = (): Vector[] =>
  JSON.parse(execFileSync(PYTHON, [`${import.meta.dirname}/make.py`], { encoding: 'utf8' }))

async function ofPackages(password: string): Promise<Vector[]> {
  const project = {
    memCost: 10,
    rounds: 8,
    saltSeparator: 'Bw==',
    signerKey: 'c2lnbmVyIGtleSBvZiBhIHByb2plY3QsIDMyIGJ5dGU=',
  }
  const salt = Buffer.from('ten  bytes').toString('base64')
  // The package writes base64 for URLs. Firebase exports the other one, but both are seen.
  const digest = Buffer.from(await new FirebaseScrypt(project).hash(password, salt), 'base64').toString(
    'base64',
  )
  const { memCost, rounds, saltSeparator, signerKey } = project
  return [
    { by: 'npm bcryptjs', password, hash: await bcryptjs.hash(password, 4) },
    {
      by: 'npm firebase-scrypt',
      password,
      hash: `$fbscrypt$v=1,n=${memCost},r=${rounds},p=1,ss=${saltSeparator},sk=${signerKey}$${salt}$${digest}`,
    },
  ]
}

// dotnet/aspnetcore, src/Identity/test/Identity.Test/PasswordHasherTest.cs
const ASP_NET = [
  'ANXrDknc7fGPpigibZXXZFMX4aoqz44JveK6jQuwY3eH/UyPhvr5xTPeGYEckLxz9A==',
  'AQAAAAEAACcQAAAAEAABAgMEBQYHCAkKCwwNDg+yWU7rLgUwPZb1Itsmra7cbxw2EFpwpVFIEtP+JIuUEw==',
  'AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw',
  'AQAAAAIAAAD6AAAAIJbVi5wbMR+htSfFp8fTw8N8GOS/Sje+S/4YZcgBfU7EQuqv4OkVYmc4VJl9AGZzmRTxSkP7LtVi9IWyUxX8IAAfZ8v+ZfhjCcudtC1YERSqE1OEdXLW9VukPuJWBBjLuw==',
  'AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M',
  'AQAAAAEAA9CQAAAAIESkQuj2Du8Y+kbc5lcN/W/3NiAZFEm11P27nrSN5/tId+bR1SwV8CO1Jd72r4C08OLvplNlCDc3oQZ8efcW+jQ=',
]

const PUBLISHED: readonly Vector[] = [
  ...ASP_NET.map((hash) => ({ by: 'ASP.NET, its own tests', password: 'my password', hash })),
  {
    // firebase/scrypt, README
    by: 'Firebase, README of its scrypt',
    password: 'user1password',
    hash: '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
  },
]

const made = ofPython()
const passwords = [...new Set(made.map(({ password }) => password))]
const packages = (await Promise.all(passwords.map(ofPackages))).flat()
const lines = [...made, ...packages, ...PUBLISHED].map((vector) => JSON.stringify(vector))
writeFileSync(`${import.meta.dirname}/vectors.json`, `[\n${lines.join(',\n')}\n]\n`)
