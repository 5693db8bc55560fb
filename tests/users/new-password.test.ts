import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf } from '../../src/users/new-password.ts'
import { PASSWORD } from '../support/service.ts'

const rows: Readonly<Record<string, readonly [expected: string | undefined, passwords: readonly string[]]>> =
  {
    '7 characters': ['too_short', ['7 chars', '🦊🐺🦝🐗🐴🦄🐝', '       ', '\0'.repeat(7), '']],
    '8 characters, whatever they are': [
      undefined,
      [
        '8 chars.',
        '🦊🐺🦝🐗🐴🦄🐝🐛',
        'xkcdphrq',
        'XKCDPHRQ',
        '40961792',
        '\0\x01\0\x01\0\x01\0\x01',
        ' \t'.repeat(4),
      ],
    ],
    'counted in NFC, not as they are sent': [
      'too_short',
      ['äöüäöüä'.normalize('NFD'), '각난달갈'.normalize('NFD')],
    ],
    'marks that compose with nothing count': [undefined, ['q\u0304w\u0304q\u0304w\u0304']],
    '256 bytes': [
      undefined,
      ['x1'.repeat(128), 'éß'.repeat(64), '🦊🐺'.repeat(32), 'éß'.repeat(64).normalize('NFD')],
    ],
    '257 bytes': ['too_long', [`${'x1'.repeat(128)}x`, `${'éß'.repeat(64)}x`, `${'🦊🐺'.repeat(32)}x`]],
    'bytes that were not UTF-8': ['undecodable', ['gr\ufffd\ufffde of things']],
    'common ones, in whatever case and width': [
      'common',
      ['password', 'PassWord1', 'ｐａｓｓｗｏｒｄ', 'qwertyuiop', 'iloveyou', 'abdominal', 'Rekindle'],
    ],
    'one character over and over': [
      'common',
      ['aaaaaaaa', 'aAaAaAaA', '00000000', ' '.repeat(20), '🦊'.repeat(9)],
    ],
    'the whole is compared, not parts of it': [
      undefined,
      ['password or iloveyou', 'xpassword1', '!iloveyou!', ' password'],
    ],
    'the username inside': [
      'username_inside',
      ['grace12345', 'I am GRACE', 'ｇｒａｃｅ.hopper', 'dis𝓰𝓻𝓪𝓬𝓮ful', 'gr\u00adace and more'],
    ],
    'a part of the username': [undefined, ['gra-ce 1234', 'ecarg 1234', 'gràce 1234']],
    'those of our documentation': [undefined, [PASSWORD, 'another one entirely', 'Tr0ub4dor and three more']],
  }

for (const [name, [expected, passwords]] of Object.entries(rows)) {
  test(name, async () => {
    for (const password of passwords) assert.equal(await faultOf(password, 'Grace', 8), expected, password)
  })
}

test('as many characters as are asked for', async () => {
  assert.equal(await faultOf('14 characters!', 'grace', 15), 'too_short')
  assert.equal(await faultOf('15 characters!!', 'grace', 15), undefined)
})

test('usernames of one or two characters stand in any password', async () => {
  for (const name of ['a', 'al', '王', '王伟', 'ﬁ'])
    assert.equal(await faultOf(`${name}, a fine phrase`, name, 8), undefined)
  for (const name of ['ada', '王小伟', 'ﬁn']) {
    assert.equal(await faultOf(`${name}, a fine phrase`, name, 8), 'username_inside', name)
  }
})
