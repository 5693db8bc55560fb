/**
 * Secrets of at least 32 bytes that documentation, tutorials and products have published, each with its source.
 * With a published secret, anybody can sign tokens. guessable.ts refuses shorter secrets by their length and
 * unlisted placeholders by their words.
 */
export const knownSecrets: readonly string[] = [
  // Python
  '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7', // FastAPI, security tutorial
  '192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf', // Flask, configuration and quickstart
  '5f352379324c22463451387a0aec5d2f', // Flask, documentation
  '5791628bb0b13ce0c676dfde280ba245', // Flask blog tutorial by Corey Schafer
  'Thirty  two  length  bytes  key.', // aiohttp-session, README
  '__TODO:_GENERATE_YOUR_OWN_RANDOM_VALUE_HERE__', // Tornado, documentation of secure cookies

  // JavaScript
  'a-string-secret-at-least-256-bits-long', // jwt.io, HS256
  'a-valid-string-secret-that-is-at-least-384-bits-long', // jwt.io, HS384
  'a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long', // jwt.io, HS512
  'cc7e0d44fd473002f1c42167459001140ec6389b7353f8088f4d9a95f2f596f2', // jose, examples
  // DigitalOcean, "How To Use JSON Web Tokens (JWTs) in Express.js"
  '09f26e402586e2faa8da4c98a35f1b20d6b033c6097befa8be3486a829587fe2f90a832bd3ff9d42710a4da095a2ce285b009f0c3730cd9b8e1af3eb84df6611',
  'DO NOT USE THIS VALUE. INSTEAD, CREATE A COMPLEX SECRET AND KEEP IT SAFE OUTSIDE OF THE SOURCE CODE.', // NestJS
  'my-32-character-ultra-secure-and-ultra-long-secret', // Node.js tutorials
  'aslkdjlkaj10830912039jlkoaiuwerasdjflkasd', // GraphQL tutorials by Ben Awad
  'ajsdklfjaskljgklasjoiquw01982310nlksas;sdlkfj', // the same, refresh tokens
  '2gyZ3GDw3LHZQKDhPmPDL3sjREVRXPr8', // iron-session, Next.js example
  'complex_password_at_least_32_characters_long', // iron-session, README
  'this-is-a-secret-value-with-at-least-32-characters', // Next.js, example with-passport
  'better-auth-secret-12345678901234567890', // Better Auth, default
  '!wsYhFA*C2U6nz=Bu^%A@^F#SF3&kSR6', // hapi, authentication tutorial
  'cookie_encryption_password_secure', // hapi bell, README
  'the-password-must-be-at-least-32-characters-long', // hapi yar, README
  'averylogphrasebiggerthanthirtytwochars', // @fastify/secure-session, README
  'a secret with minimum length of 32 characters', // @fastify/session, README
  '-- DEV COOKIE SECRET; CHANGE ME --', // KeystoneJS, examples

  // Java and Scala
  '404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970', // Spring Boot 3 tutorial by Bouali Ali
  '5367566B59703373367639792F423F4528482B4D6251655468576D5A71347437', // Spring Boot tutorials by Java Techie
  '586E3272357538782F413F4428472B4B6250655368566B597033733676397924', // Spring Boot tutorials in Spanish
  '3cfa76ef14937c1c0ea519f8fc057a80fcd04a7420f8e8bcd0a7567c272e007b', // Spring Boot tutorial by Eric Cabrel Tiogo
  'daf66e01593f61a15b857cf433aae03a005812b31234e149036bcc8dee755dbb', // Spring Boot tutorials by Java Guides
  '9a4f2c8d3b7a1e6f45c8a0b3f267d8b1d4e6f3c8a9d2b5f8e3a9c8b5f6v8a3d9', // Spring Boot tutorials, jjwt 0.12
  '======================BezKoder=Spring===========================', // Spring Boot tutorial by BezKoder
  'jxgEQeXHuPq8VdbyYFNkANdudQ53YUn4', // Spring Security course by EazyBytes
  'asdfSFS34wfsdfsdfSDSD32dfsddDDerQSNCK34SOWEK5354fdgdf4', // Java tutorials
  'my-secret-token-to-change-in-production', // JHipster, default
  'my-secret-key-which-should-be-changed-in-production-and-be-base64-encoded', // JHipster, default
  'pleaseChangeThisSecretForANewOne', // Micronaut, guides
  // eladmin and its forks
  'ZmQ0ZGI5NjQ0MDQwY2I4MjMxY2Y3ZmI3MjdhN2ZmMjNhODViOTg1ZGE0NTBjMGM4NDA5NzYxMjdjOWMwYWRmZTBlZjlhNGY3ZTg4Y2U3YTE1ODVkZDU5Y2Y3OGYwZWE1NzUzNWQ2YjFjZDc0NGMxZWU2MmQ3MjY1NzJmNTE0MzI=',
  'SecretKey012345678901234567890123456789012345678901234567890123456789', // Nacos, default
  'VGhpc0lzTXlDdXN0b21TZWNyZXRLZXkwMTIzNDU2Nzg=', // Nacos, documentation ("ThisIsMyCustomSecretKey012345678")
  'QCY?tAnfk?aZ?iwrNwnxIlR6CTf:G3gf:90Latabg@5241AB`R5W:1uDFN];Ik@n', // Play Framework, documentation

  // .NET
  'THIS IS USED TO SIGN AND VERIFY JWT TOKENS, REPLACE IT WITH YOUR OWN SECRET, IT CAN BE ANY STRING', // J. Watmore
  'JWTAuthenticationHIGHsecuredPasswordVVVp1OH7Xzyr', // C# Corner, authentication with Identity
  'ByYM000OLlMQG6VVVp1OH7Xzyr7gHuw1qvUC5dcGt3SNM', // ASP.NET tutorials
  'Yh2k7QSu4l8CZg5p6X3Pna9L0Miy4D3Bvt0JVr87UcOj69Kqw5R2Nmf4FWs03Hdx', // ASP.NET Core tutorials
  'ijurkbdlhmklqacwqzdxmkkhvqowlyqa', // ASP.NET Core tutorials by Mohamad Lawand
  'fedaf7d8863b48e197b9287d492b708e', // ASP.NET Core tutorials by balta.io
  // C# tutorials, "JwtManager"
  'db3OIsj+BXE9NZDy0t8W3TcNekrF+2d/1sFnWG4HnV8TZY30iTOdtVWJG8abWvB1GlOgJuQZdcF2Luqm/hccMw==',
  // ASP.NET Web API tutorials
  '401b09eab3c013d4ca54922bb802bec8fd5318192b0a75f201d8b3727429090fb337591abd3e44453b954555b7a0812e1081c39b740293f765eae731f5a65ed1',
  'this is my custom Secret key for authentication', // ASP.NET Core tutorials
  'GQDstcKsx0NHjPOuXOYg5MbeJ1XT0uFiwDVvVBrk', // JWT.NET, README

  // PHP
  'example_key_of_sufficient_length', // firebase/php-jwt, README
  'mBC5v1sOKVvbdEitdSBenu59nfNfhwkedkJVNabosTw=', // lcobucci/jwt, documentation
  'supersecretkeyyoushouldnotcommittogithub', // tuupola/slim-jwt-auth, README
  'AckfSECXIvnK5r28GVIWUAxmbBSjTsmF', // Orchestra Testbench (Laravel), documentation
  '2fl+Ktvkfl+Fuz4Qp/A75G2RTiWVA/ZoKZvp6fiiM10=', // Laravel package tests
  '2ca64f8d83b9e89f5f19d672841d6bb8', // Symfony Demo
  '!ChangeThisMercureHubJWTSecretKey!', // Mercure, Symfony recipe

  // Rust
  'hPRYyVRiMyxpw5sBB1XeCMN1kFsDCqKvBi2QJxBVHQk=', // Rocket 0.5, guide
  '8Xui8SN4mI+7egV/9dlfYYLGQJeEx4+DwmSQLwDVXJg=', // Rocket 0.4, guide

  // Standards
  'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow', // RFC 7515, A.1
  'hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg', // RFC 7520, 3.5

  // Products: defaults, .env.example, compose files, documentation
  'super-secret-jwt-token-with-at-least-32-characters-long', // Supabase, command line and self-hosting
  'UpNVntn3cDxHJpq99YMc1T1AQgQpc8kfYTuRgBiYa15BLrx8etQoXz3gZv1/u2oq', // Supabase, self-hosting (Realtime)
  'reallyreallyreallyreallyverysafe', // PostgREST, tests
  '3EK6FD+o0+c7tzBNVfjpMkNDi2yARAAKzQlk8O2IKoxQu4nF7EdAh8s3TwpHwrdWT6R', // Hasura, documentation
  'this-is-a-generic-HS256-secret-key-and-you-should-really-change-it', // Hasura, sample applications
  '0f987876650b4a085e64594fae9219e7781b17506bec02489ad061fba8cb22db', // Nhost, default
  '255d861b-5ea1-5996-9aa3-922530ec40b1', // Directus, documentation (KEY)
  '6116487b-cda1-52c2-b5b5-c8022c45e263', // Directus, documentation (SECRET)
  '569a1821-0a93-45e8-87ab-eb857f20a010', // NocoDB, documentation
  '4361726e697461732c206c69746572616c6c79206d65616e696e6720226c6974', // Convex, local backend
  'bbe7d157-a253-4094-9759-06a8236543f9', // Centrifugo, documentation
  'MasterkeyNeedsToHave32Characters', // ZITADEL, documentation
  'PLEASE-CHANGE-ME-I-AM-VERY-INSECURE', // Ory Kratos, quickstart
  '32-LONG-SECRET-NOT-SECURE-AT-ALL', // Ory Kratos, quickstart
  'OQINaROshtE9TcZkNAm-5Zs2Pv3xaWytBmc5W7sPX7w=', // OAuth2 Proxy, documentation and tests
  'f13dbc92aaaf86fa7cb0ed8ac3265f47', // Infisical, .env.example
  '6c1fe4e407b8911c104518103505b218', // Infisical, .env.example (earlier)
  '5lrMXKKWCVocS/uerPsl7V+TX/aaUaI7iDkgl3tSmLE=', // Infisical, .env.example
  '16f8c0ef4a5d391b26034086c628469d3f9f497f08163ab9b40137092f2909ef', // LibreChat, .env.example
  'eaa5191f2914e30b9387fd84e254e4ba6fc51b4654968a9b0803b456a54b8418', // LibreChat, .env.example (refresh tokens)
  'sk-9f73s3ljTXVcMT3Blb3ljTqtsKiGHXVcMT3BlbkFJLK7U', // Dify, .env.example
  'QaHbTe77CtuXmsfyhR7+vRjI/+XbV1AaFy691iy+kGDv2Jvy0/eAh8Y1', // Dify, plugins
  'lYkiYYT6owG+71oLerGzA7GXCgOT++6ovaezWAjpCjf+Sjc3ZtU+qUEi', // Dify, plugin daemon
  'NX2kaPE923dt6BL2U8e9oSre5RfoT7hg', // LobeChat, documentation
  'Kix2wcUONd4CX51E/ZPAd36BqM4wzJgKjPtz2sGztqQ=', // LobeChat, documentation
  '2818143646516f6fffd707b36f334bbb', // Trigger.dev, self-hosting
  '44da78b7bbb0dfe709cf38931d25dcdd', // Trigger.dev, self-hosting
  'f686147ab967943ebbe9ed3b496e465a', // Trigger.dev, self-hosting
  'data encryption key with 32 char', // Hoppscotch, .env.example
  '60gp0byfz2dvffa45cxl20p1scy9xbpf6d8c5y0geejgkyp1b5', // Plane, self-hosting
  'r(m)9nLGnz$(_q3N4z1k(EFsMCjjjzx08x9VhNVcfd%6RF#r!6DE@+V5Zk2X', // NetBox, container image
  'e11fl1oa-*ytql8p)(06fbj4ukrlo+n7k&q5+$1md7i+mge=ee', // Paperless-ngx, default
  'hhZCp@D28z!n@NED*yB!ROMt+WzsY*iq', // DefectDojo, compose file
  '$(fefwefwef13;LFK{P!)@#*!)kdsjfWF2l+i5e3t(8a1n', // Label Studio (CVE-2023-43791)
  'c292a0a3aa32397cdb050e233733900f', // Redash (CVE-2021-41192)
  'CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET', // Apache Superset (CVE-2023-27524)
  '\\2\\1thisismyscretkey\\1\\2\\e\\y\\y\\h', // Apache Superset, earlier (the same CVE)
  '46BKJoQYlPPOexq0OhDZnIlNepKFf87WFwLbfzqDDho=', // Apache Airflow, container images
  'a25mQ1FHTUh3MnFRSk5KMEIyVVU2YmN0VGRyYTVXY08=', // Apache Airflow, container images
  'something_at_least_32_characters', // Kibana, documentation
  'fhjskloppd678ehkdfdlliverpoolfcr', // Elastic, alerting documentation
  'SomeRandomStringOf32CharsExactly', // Firefly III, .env.example
  'ChangeMeBy32KeyLengthOrGenerated', // Monica, .env.example
  'RR++yx2rJ9kdxbdh3+AmbHLDQu+Q76i++co9Y8ybbno=', // Invoice Ninja, .env.example
]
