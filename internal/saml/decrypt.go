package saml

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

// errDecrypt is the refusal of an assertion that cannot be decrypted, whatever the reason: to tell reasons
// apart would help who wants to learn what another one's assertion says.
var errDecrypt = invalid("The SAML assertion could not be decrypted.")

// blockCipher is an algorithm that encrypts an assertion.
type blockCipher struct {
	keySize int // in bytes
	// sealed says that the algorithm finds out changes. What one that does not is used on must be signed as
	// it is, encrypted.
	sealed bool
}

// blockCiphers are AES in the modes that IAM has.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html
var blockCiphers = map[string]blockCipher{
	"http://www.w3.org/2009/xmlenc11#aes128-gcm": {16, true},
	"http://www.w3.org/2009/xmlenc11#aes192-gcm": {24, true},
	"http://www.w3.org/2009/xmlenc11#aes256-gcm": {32, true},
	encryptionSpace + "aes128-cbc":               {16, false},
	encryptionSpace + "aes192-cbc":               {24, false},
	encryptionSpace + "aes256-cbc":               {32, false},
}

// hashes are those of OAEP.
var hashes = map[string]crypto.Hash{
	signatureSpace + "sha1":                         crypto.SHA1,
	encryptionSpace + "sha256":                      crypto.SHA256,
	"http://www.w3.org/2001/04/xmldsig-more#sha384": crypto.SHA384,
	encryptionSpace + "sha512":                      crypto.SHA512,
	"http://www.w3.org/2009/xmlenc11#mgf1sha1":      crypto.SHA1,
	"http://www.w3.org/2009/xmlenc11#mgf1sha256":    crypto.SHA256,
	"http://www.w3.org/2009/xmlenc11#mgf1sha384":    crypto.SHA384,
	"http://www.w3.org/2009/xmlenc11#mgf1sha512":    crypto.SHA512,
}

// decrypt returns the assertion in an EncryptedAssertion. authentic says that a signature covers the
// element, so that nobody can ask what becomes of changed ones: only then are modes accepted that do not find
// out changes. The key of the assertion is encrypted with RSA-OAEP; RSA of PKCS #1 version 1.5 is refused.
//
// Sources: https://www.w3.org/TR/xmlenc-core1/ and, on why,
// https://www.nds.rub.de/media/nds/veroeffentlichungen/2011/10/22/HowToBreakXMLenc.pdf
func decrypt(e *etree.Element, keys []*rsa.PrivateKey, authentic bool) (*etree.Element, error) {
	plain, err := decryptData(e, keys, authentic)
	if err != nil {
		return nil, errDecrypt.Because(err)
	}
	assertion, err := parse(plain)
	if err == nil && !is(assertion, assertionSpace, "Assertion") {
		err = errors.New("what was encrypted is no assertion")
	}
	if err != nil {
		return nil, errDecrypt.Because(err)
	}
	return assertion, nil
}

func decryptData(e *etree.Element, keys []*rsa.PrivateKey, authentic bool) ([]byte, error) {
	data, err := required(e, encryptionSpace, "EncryptedData")
	if err != nil {
		return nil, err
	}
	algorithm, value, err := encrypted(data)
	if err != nil {
		return nil, err
	}
	block, ok := blockCiphers[algorithm.SelectAttrValue("Algorithm", "")]
	if !ok || !block.sealed && !authentic {
		return nil, fmt.Errorf("the algorithm %q is not accepted", algorithm.SelectAttrValue("Algorithm", ""))
	}
	sealedKey, err := encryptedKey(e, data)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		plain, openErr := open(sealedKey, value, key, block)
		if openErr == nil {
			return plain, nil
		}
		err = errors.Join(err, openErr)
	}
	return nil, errors.Join(err, errors.New("no private key decrypts the assertion"))
}

// encryptedKey returns the EncryptedKey of an EncryptedData: in its KeyInfo, or beside it.
func encryptedKey(e, data *etree.Element) (*etree.Element, error) {
	info, err := only(data, signatureSpace, "KeyInfo")
	if err != nil {
		return nil, err
	}
	if info != nil {
		if key, err := only(info, encryptionSpace, "EncryptedKey"); key != nil || err != nil {
			return key, err
		}
	}
	return required(e, encryptionSpace, "EncryptedKey")
}

// encrypted returns the algorithm and the bytes of an EncryptedData or EncryptedKey.
func encrypted(e *etree.Element) (algorithm *etree.Element, value []byte, err error) {
	if algorithm, err = required(e, encryptionSpace, "EncryptionMethod"); err != nil {
		return nil, nil, err
	}
	data, err := required(e, encryptionSpace, "CipherData")
	if err != nil {
		return nil, nil, err
	}
	cipherValue, err := required(data, encryptionSpace, "CipherValue")
	if err != nil {
		return nil, nil, err
	}
	encoded, err := text(cipherValue)
	if err != nil {
		return nil, nil, err
	}
	value, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	return algorithm, value, err
}

// open decrypts value with the key in sealedKey, which it opens with key.
func open(sealedKey *etree.Element, value []byte, key *rsa.PrivateKey, b blockCipher) ([]byte, error) {
	algorithm, sealed, err := encrypted(sealedKey)
	if err != nil {
		return nil, err
	}
	options, err := oaep(algorithm)
	if err != nil {
		return nil, err
	}
	secret, err := key.Decrypt(nil, sealed, options)
	if err != nil {
		return nil, err
	}
	if len(secret) != b.keySize {
		return nil, fmt.Errorf("the key has %d bytes", len(secret))
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	if b.sealed {
		return openGCM(block, value)
	}
	return openCBC(block, value)
}

// oaep returns the options of an algorithm that encrypts keys.
func oaep(algorithm *etree.Element) (*rsa.OAEPOptions, error) {
	hash, err := hashOf(algorithm, signatureSpace, "DigestMethod")
	if err != nil {
		return nil, err
	}
	switch name := algorithm.SelectAttrValue("Algorithm", ""); name {
	case encryptionSpace + "rsa-oaep-mgf1p":
		return &rsa.OAEPOptions{Hash: hash, MGFHash: crypto.SHA1}, nil
	case "http://www.w3.org/2009/xmlenc11#rsa-oaep":
		mask, err := hashOf(algorithm, "http://www.w3.org/2009/xmlenc11#", "MGF")
		return &rsa.OAEPOptions{Hash: hash, MGFHash: mask}, err
	default:
		return nil, fmt.Errorf("the algorithm %q is not accepted", name)
	}
}

// hashOf returns the hash that a child element names; without one it is SHA-1, which is no weakness here.
func hashOf(algorithm *etree.Element, space, tag string) (crypto.Hash, error) {
	e, err := only(algorithm, space, tag)
	if err != nil {
		return 0, err
	}
	if e == nil {
		return crypto.SHA1, nil
	}
	hash, ok := hashes[e.SelectAttrValue("Algorithm", "")]
	if !ok {
		return 0, fmt.Errorf("the hash %q is not accepted", e.SelectAttrValue("Algorithm", ""))
	}
	return hash, nil
}

// openGCM decrypts a nonce, what it encrypts, and a tag.
func openGCM(block cipher.Block, value []byte) ([]byte, error) {
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	if len(value) < gcm.NonceSize() {
		return nil, errors.New("the assertion is too short")
	}
	return gcm.Open(nil, value[:gcm.NonceSize()], value[gcm.NonceSize():], nil)
}

// openCBC decrypts an initialization vector and what it encrypts. The last byte is the length of the padding.
func openCBC(block cipher.Block, value []byte) ([]byte, error) {
	const size = aes.BlockSize
	if len(value) < 2*size || len(value)%size != 0 {
		return nil, errors.New("the assertion is not of whole blocks")
	}
	plain := make([]byte, len(value)-size)
	cipher.NewCBCDecrypter(block, value[:size]).CryptBlocks(plain, value[size:])
	padding := int(plain[len(plain)-1])
	if padding < 1 || padding > size {
		return nil, errors.New("the padding is not valid")
	}
	return plain[:len(plain)-padding], nil
}
