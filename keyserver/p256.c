/* SPDX-License-Identifier: Apache-2.0 */
/* P-256 over nettle, whose work on secret numbers takes the same time and path for all of them. */
#include "keyserver/p256.h"

#include <gmp.h>
#include <nettle/bignum.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/ecdsa.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto.h"

#define SIZE	  LK_P256_SIZE

#define LK_MPZ	  LK_CLEANUP(mpz_clear_p) mpz_t
#define LK_POINT  LK_CLEANUP(ecc_point_clear) struct ecc_point
#define LK_SCALAR LK_CLEANUP(ecc_scalar_clear) struct ecc_scalar

static void mpz_clear_p(mpz_t *z)
{
	mpz_clear(*z);
}

/* ---- memory: numbers are secrets ---- */

static void *take(size_t n)
{
	void *p = malloc(n);

	if (!p)
		abort(); /* GMP knows no other answer */
	return p;
}

static void give(void *p, size_t n)
{
	lk_wipe(p, n);
	free(p);
}

static void *resize(void *p, size_t old, size_t n)
{
	void *more = take(n);

	memcpy(more, p, old < n ? old : n);
	give(p, old);
	return more;
}

/* ---- numbers ---- */

static enum lk_status read_scalar(const uint8_t d[SIZE], struct ecc_scalar *ret,
				  struct lk_error *err)
{
	LK_MPZ z;

	ecc_scalar_init(ret, nettle_get_secp_256r1());
	nettle_mpz_init_set_str_256_u(z, SIZE, d);
	return ecc_scalar_set(ret, z)
		       ? LK_OK
		       : lk_raise(err, LK_TAMPERED, "a private key outside its range");
}

static enum lk_status read_point(const uint8_t x[SIZE], const uint8_t y[SIZE],
				 struct ecc_point *ret, struct lk_error *err)
{
	LK_MPZ a;
	LK_MPZ b;

	ecc_point_init(ret, nettle_get_secp_256r1());
	nettle_mpz_init_set_str_256_u(a, SIZE, x);
	nettle_mpz_init_set_str_256_u(b, SIZE, y);
	return ecc_point_set(ret, a, b)
		       ? LK_OK
		       : lk_raise(err, LK_TAMPERED, "a public key that is no point of its curve");
}

static void write_point(const struct ecc_point *p, uint8_t x[SIZE], uint8_t y[SIZE])
{
	LK_MPZ a;
	LK_MPZ b;

	mpz_init(a);
	mpz_init(b);
	ecc_point_get(p, a, b);
	nettle_mpz_get_str_256(SIZE, x, a);
	nettle_mpz_get_str_256(SIZE, y, b);
}

/* ---- what core/crypto.h asks for ---- */

static enum lk_status public_of(const uint8_t d[SIZE], uint8_t x[SIZE], uint8_t y[SIZE],
				struct lk_error *err)
{
	LK_SCALAR scalar;
	LK_POINT q;
	enum lk_status st;

	ecc_point_init(&q, nettle_get_secp_256r1());
	st = read_scalar(d, &scalar, err);
	if (st)
		return st;
	ecc_point_mul_g(&q, &scalar);
	write_point(&q, x, y);
	return LK_OK;
}

static enum lk_status agree(const uint8_t d[SIZE], const uint8_t x[SIZE], const uint8_t y[SIZE],
			    uint8_t z[SIZE], struct lk_error *err)
{
	uint8_t unused[SIZE];
	LK_SCALAR scalar;
	LK_POINT q;
	enum lk_status st;

	st = read_point(x, y, &q, err);
	if (read_scalar(d, &scalar, err) || st)
		return err->status;
	ecc_point_mul(&q, &scalar, &q);
	write_point(&q, z, unused);
	lk_wipe(unused, sizeof(unused));
	return LK_OK;
}

/* Randomness drawn beforehand, since nettle's source cannot fail. It asks again only for a number
 * out of range, once in 2^32; when all is used up, what follows is worthless and not handed out. */
struct draw {
	uint8_t bytes[8 * SIZE];
	size_t used;
	bool spent;
};

static void from_draw(void *ctx, size_t n, uint8_t *out)
{
	struct draw *draw = ctx;

	if (n > sizeof(draw->bytes) - draw->used) {
		draw->spent = true;
		memset(out, 1, n);
		return;
	}
	memcpy(out, draw->bytes + draw->used, n);
	draw->used += n;
}

static enum lk_status sign(const uint8_t d[SIZE], const uint8_t digest[SIZE], uint8_t sig[2 * SIZE],
			   struct lk_error *err)
{
	LK_CLEANUP(dsa_signature_clear) struct dsa_signature made;
	struct draw draw = { .used = 0 };
	LK_SCALAR scalar;
	enum lk_status st;

	dsa_signature_init(&made);
	st = read_scalar(d, &scalar, err);
	if (!st)
		st = lk_random(draw.bytes, sizeof(draw.bytes), err);
	if (st)
		return st;
	ecdsa_sign(&scalar, &draw, from_draw, SIZE, digest, &made);
	lk_wipe(draw.bytes, sizeof(draw.bytes));
	if (draw.spent)
		return lk_raise(err, LK_INTERNAL, "sign: the random source repeats itself");
	nettle_mpz_get_str_256(SIZE, sig, made.r);
	nettle_mpz_get_str_256(SIZE, sig + SIZE, made.s);
	return LK_OK;
}

static enum lk_status verify(const uint8_t x[SIZE], const uint8_t y[SIZE],
			     const uint8_t digest[SIZE], const uint8_t sig[2 * SIZE],
			     struct lk_error *err)
{
	LK_CLEANUP(dsa_signature_clear) struct dsa_signature given;
	LK_POINT q;
	enum lk_status st;

	dsa_signature_init(&given);
	st = read_point(x, y, &q, err);
	if (st)
		return st;
	nettle_mpz_set_str_256_u(given.r, SIZE, sig);
	nettle_mpz_set_str_256_u(given.s, SIZE, sig + SIZE);
	return ecdsa_verify(&q, SIZE, digest, &given)
		       ? LK_OK
		       : lk_raise(err, LK_TAMPERED, "the signature does not fit");
}

void lk_p256_setup(void)
{
	static const struct lk_p256 ours = {
		.public_of = public_of,
		.agree = agree,
		.sign = sign,
		.verify = verify,
	};

	mp_set_memory_functions(take, resize, give);
	lk_crypto_use_p256(&ours);
}
