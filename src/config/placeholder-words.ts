/** The words that tutorials and `.env.example` files put in place of a secret. */
const words = `
  abc access account acme actual add adjust admin after algorithm all also always an and another any
  anyone anything api app application are as at auth authentication authorization awesome backend bad base
  based be bearer before best bit bits by byte bytes can cannot change changed changeit changeme
  changethis char character characters chars client code commit company complex config configure cookie
  crack create custom database default define demo deploy deployment dev develop development do does dont
  edit encode encoded encoder encrypt encryption enough ensure enter env environment ever example express
  fake fallback fastapi file flask for from generate generated generator generic github go goes good great
  greater guess hard hardcoded has hash have here hex hidden hide highly hmac hs http https if in insecure
  insert instead into is it its java just jwks jws jwt keep key keyboard keys know known laravel later
  least length less like local localhost long longer make master me min minimum mode more must my name
  need needs nest never new next no nobody node not nothing now of on one only openssl or other our output
  overwrite own pass passphrase passwd password phrase place placeholder please private prod production
  project properly provide put python rand random randomly react real really refresh refreshtoken remember
  replace replaced replaceme replacethis required safe sample save secert secret secretkey secrets secure
  secured security seed serect server service session sessions set share shared shh shhh should sign
  signature signing simple some someone something sooper special spring springboot static store string
  strong stronger sub super supersecret system temp temporary test testing tests than that the then this
  to todo token tokens too top tutorial ultra unguessable unique unsafe unsecure until update upper use
  used user using utf value variable variables verify very want warning was we web website which will with
  word words world would write xxx yes you your yours
`
const sequences = '01234567890 abcdefghijklmnopqrstuvwxyz'
const keyboardWalks = 'qwertyuiop asdfghjkl zxcvbnm 1q2w3e4r5t6y7u8i9o0p 1qaz2wsx3edc4rfv5tgb6yhn7ujm'

/** All pieces of three characters, so that a sequence is found wherever it begins and ends. */
const pieces = `${sequences} ${keyboardWalks}`
  .split(' ')
  .flatMap((row) => [...row].slice(2).map((_, at) => row.slice(at, at + 3)))
const longestFirst = [...words.trim().split(/\s+/), ...pieces].sort((a, b) => b.length - a.length)
const placeholderText = new RegExp(`${longestFirst.join('|')}|(.)\\1{2,}`, 'g')

/**
 * Whether more than half of a text consists of placeholder words, keyboard walks, sequences and repetitions.
 *
 * In 32 random bytes the share is about a tenth, whatever their encoding. At least one word must have more than four
 * characters, because short pieces can add up by chance in a few hex digits. White space and punctuation are ignored.
 */
export function isPlaceholder(text: string): boolean {
  const plain = text.toLowerCase().replace(/[\s_.,:;!'"<>()-]/g, '')
  const found = plain.match(placeholderText) ?? []
  return found.some((piece) => piece.length > 4) && found.join('').length > plain.length / 2
}
