package checksum

// polynomial is the generator of a reflected CRC whose register starts as, and is finally xored with,
// all ones. Bit width-1 of a register is the coefficient of x⁰, bit 0 that of x^(width-1).
type polynomial struct {
	width int
	poly  uint64 // reflected, without x^width
}

var (
	polyCRC32     = polynomial{32, 0xEDB88320}
	polyCRC32C    = polynomial{32, 0x82F63B78}
	polyCRC64NVME = polynomial{64, 0x9A6C9329AC4BC9B5}
)

// combine returns the CRC of the content a‖b from those of a and b, where shift is power(n) for the
// n bytes of b.
//
// Appending n bytes to a multiplies its CRC by x^(8·n) modulo the generator; the ones before and
// after cancel out, so that crc(a‖b) = crc(a)·x^(8·n) + crc(b) in GF(2)[x].
func (p *polynomial) combine(a, b, shift uint64) uint64 {
	return p.multiply(a, shift) ^ b
}

// power returns x^(8·n) modulo the generator, by squaring.
func (p *polynomial) power(n uint64) uint64 {
	one := uint64(1) << (p.width - 1)
	result, square := one, one>>8 // x⁰, x⁸
	for ; n != 0; n >>= 1 {
		if n&1 != 0 {
			result = p.multiply(result, square)
		}
		square = p.multiply(square, square)
	}
	return result
}

// multiply returns a·b modulo the generator: the sum of a·xⁱ for each xⁱ in b, from x⁰ on, which is
// the highest bit of a register.
func (p *polynomial) multiply(a, b uint64) uint64 {
	var product uint64
	for b <<= 64 - p.width; ; {
		if b>>63 != 0 {
			product ^= a
		}
		if b <<= 1; b == 0 {
			return product
		}
		a = p.timesX(a)
	}
}

// timesX returns a·x modulo the generator.
func (p *polynomial) timesX(a uint64) uint64 {
	return a>>1 ^ p.poly&-(a&1)
}
