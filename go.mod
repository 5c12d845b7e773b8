module crossgrant

go 1.26.0

require (
	github.com/alecthomas/kong v1.17.0 // command line: flags, environment and help from one struct
	github.com/aws/aws-sdk-go-v2 v1.48.0 // the console's client of the APIs, and the client that users use in tests
	github.com/aws/aws-sdk-go-v2/config v1.33.18 // where the keys for a networked blob store come from
	github.com/aws/aws-sdk-go-v2/credentials v1.21.0 // keys of many callers, in tests
	github.com/aws/aws-sdk-go-v2/service/accessanalyzer v1.49.1 // its Access Analyzer
	github.com/aws/aws-sdk-go-v2/service/cloudtrail v1.56.0 // its CloudTrail
	github.com/aws/aws-sdk-go-v2/service/iam v1.65.0 // its IAM
	github.com/aws/aws-sdk-go-v2/service/organizations v1.62.8 // its Organizations
	github.com/aws/aws-sdk-go-v2/service/s3 v1.114.10 // its S3
	github.com/aws/aws-sdk-go-v2/service/s3control v1.71.1 // its S3 Control
	github.com/aws/aws-sdk-go-v2/service/sts v1.52.0 // its STS
	github.com/aws/smithy-go v1.28.9 // error codes and middleware of the SDK
	github.com/beevik/etree v1.8.1 // XML of SAML, with its namespaces
	github.com/boombuler/barcode v1.1.0 // QR codes of MFA devices
	github.com/cockroachdb/pebble/v2 v2.1.7 // embedded metadata engine
	github.com/dustin/go-humanize v1.0.1 // sizes and numbers for people
	github.com/go-jose/go-jose/v4 v4.1.9 // tokens and key sets of web identities
	github.com/goccy/go-yaml v1.19.2 // bootstrap files: strict decoding with positions
	github.com/jackc/pgx/v5 v5.13.0 // networked metadata engine: PostgreSQL's protocol
	github.com/klauspost/compress v1.20.1 // Zstandard, for the journal of request records
	github.com/minio/crc64nvme v1.1.1 // CRC-64/NVME, with SIMD
	github.com/prometheus/client_golang v1.25.0 // metrics
	github.com/russellhaering/goxmldsig v1.6.1 // signatures of SAML responses
	github.com/tidwall/btree v1.8.2 // in-memory metadata engine
	github.com/tink-crypto/tink-go/v2 v2.9.0 // encryption of secrets
	golang.org/x/crypto v0.57.0 // Argon2id, for the passwords of users
	golang.org/x/sync v0.25.0 // semaphores that give out more than one
	golang.org/x/sys v0.48.0 // system calls of files and sockets, features of the processor
	google.golang.org/protobuf v1.36.12 // records
)

// For tests and benchmarks only.
require (
	github.com/anishathalye/porcupine v1.3.1 // whether histories are linearizable
	github.com/cedar-policy/cedar-go v1.9.1 // a policy engine to measure beside
	github.com/chromedp/cdproto v0.159.0 // what a browser is told, and tells
	github.com/chromedp/chromedp v0.23.0 // the console in a real browser
	github.com/cockroachdb/datadriven v1.0.3 // rules as data
	github.com/google/go-cmp v0.7.0 // differences of structures
	github.com/minio/minio-go/v7 v7.4.1 // a client that many programs use
	github.com/rogpeppe/go-internal v1.16.0 // testscript: stories with the AWS CLI
)

require (
	github.com/BurntSushi/toml v1.6.0 // indirect
	github.com/DataDog/zstd v1.5.7 // indirect
	github.com/RaduBerinde/axisds v0.1.0 // indirect
	github.com/RaduBerinde/btreemap v0.0.0-20250419174037-3d62b7205d54 // indirect
	github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream v1.7.27 // indirect
	github.com/aws/aws-sdk-go-v2/feature/ec2/imds v1.20.9 // indirect
	github.com/aws/aws-sdk-go-v2/internal/configsources v1.5.12 // indirect
	github.com/aws/aws-sdk-go-v2/internal/endpoints/v2 v2.8.12 // indirect
	github.com/aws/aws-sdk-go-v2/internal/v4a v1.5.12 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/accept-encoding v1.13.25 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/checksum v1.11.13 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/presigned-url v1.14.12 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/s3shared v1.20.12 // indirect
	github.com/aws/aws-sdk-go-v2/service/signin v1.13.1 // indirect
	github.com/aws/aws-sdk-go-v2/service/sso v1.39.5 // indirect
	github.com/aws/aws-sdk-go-v2/service/ssooidc v1.44.5 // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/cockroachdb/crlib v0.0.0-20241112164430-1264a2edc35b // indirect
	github.com/cockroachdb/errors v1.11.3 // indirect
	github.com/cockroachdb/logtags v0.0.0-20230118201751-21c54148d20b // indirect
	github.com/cockroachdb/redact v1.1.5 // indirect
	github.com/cockroachdb/swiss v0.0.0-20260820225851-333444432258 // indirect
	github.com/cockroachdb/tokenbucket v0.0.0-20230807174530-cc333fc44b06 // indirect
	github.com/getsentry/sentry-go v0.27.0 // indirect
	github.com/go-json-experiment/json v1.27.2 // indirect
	github.com/gogo/protobuf v1.3.2 // indirect
	github.com/golang/snappy v0.0.5-0.20231225225746-43d5d4cd4e0e // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/jackc/puddle/v2 v2.2.3 // indirect
	github.com/jonboulle/clockwork v0.5.0 // indirect
	github.com/klauspost/cpuid/v2 v2.4.0 // indirect
	github.com/klauspost/crc32 v1.3.0 // indirect
	github.com/kr/pretty v0.3.1 // indirect
	github.com/kr/text v0.2.0 // indirect
	github.com/minio/md5-simd v1.1.2 // indirect
	github.com/minio/minlz v1.0.1-0.20250507153514-87eb42fe8882 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/philhofer/fwd v1.2.0 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/rs/xid v1.6.0 // indirect
	github.com/tinylib/msgp v1.6.4 // indirect
	github.com/zeebo/xxh3 v1.1.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/exp v0.0.0-20231110203233-9a3e6036ecaa // indirect
	golang.org/x/exp/typeparams v0.0.0-20260811152304-ee035b5b010f // indirect
	golang.org/x/mod v0.41.0 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/text v0.42.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
	gopkg.in/ini.v1 v1.67.3 // indirect
	honnef.co/go/tools v0.8.2 // indirect
)

tool (
	google.golang.org/protobuf/cmd/protoc-gen-go
	honnef.co/go/tools/cmd/staticcheck
)
