/* SPDX-License-Identifier: Apache-2.0 */
/* Keys on the NIST curves: generation, agreement and signatures. Secret-dependent work is blinded
 * with fresh randomness; whole coordinates are kept, leading zeros included. */
#include <mbedtls/ecdh.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <string.h>

#include "core/crypto_internal.h"

#define COORD_MAX 66

static const struct {
	mbedtls_ecp_group_id id;
	size_t size; /* of a coordinate and, on these curves, of a scalar */
	enum lk_hash hash;
} curves[] = {
	[LK_KEY_P256] = { MBEDTLS_ECP_DP_SECP256R1, 32, LK_SHA256 },
	[LK_KEY_P384] = { MBEDTLS_ECP_DP_SECP384R1, 48, LK_SHA384 },
	[LK_KEY_P521] = { MBEDTLS_ECP_DP_SECP521R1, 66, LK_SHA512 },
};

struct lk_ec_pair {
	mbedtls_mpi d;
	mbedtls_ecp_point q;
};

static const struct lk_p256 *instead; /* NULL: mbedTLS does it */

#define LK_GROUP LK_CLEANUP(mbedtls_ecp_group_free) mbedtls_ecp_group
#define LK_POINT LK_CLEANUP(mbedtls_ecp_point_free) mbedtls_ecp_point
#define LK_MPI	 LK_CLEANUP(mbedtls_mpi_free) mbedtls_mpi

LK_DEFINE_CLEANUP(struct lk_ec_pair *, lk_ec_free)

void lk_crypto_use_p256(const struct lk_p256 *p256)
{
	instead = p256;
}

static bool by_other_means(enum lk_key_kind kind)
{
	return instead && kind == LK_KEY_P256;
}

/* A curve's constants are static in mbedTLS: loading costs little, and a group per call is what
 * makes a key usable by several threads. */
static enum lk_status load_curve(enum lk_key_kind kind, mbedtls_ecp_group *grp,
				 struct lk_error *err)
{
	int rc;

	if ((unsigned)kind > LK_KEY_P521)
		return lk_raise(err, LK_INTERNAL, "an RSA key where one on a curve is needed");
	rc = mbedtls_ecp_group_load(grp, curves[kind].id);
	return rc ? lk_crypto_raise(err, "load a curve", rc) : LK_OK;
}

static struct lk_ec_pair *pair_new(void)
{
	struct lk_ec_pair *pair = calloc(1, sizeof(*pair));

	if (pair) {
		mbedtls_mpi_init(&pair->d);
		mbedtls_ecp_point_init(&pair->q);
	}
	return pair;
}

void lk_ec_free(struct lk_ec_pair *pair)
{
	if (!pair)
		return;
	mbedtls_mpi_free(&pair->d); /* wipes */
	mbedtls_ecp_point_free(&pair->q);
	free(pair);
}

/* The public point that belongs to the private scalar. */
static int set_point(mbedtls_ecp_group *grp, enum lk_key_kind kind, struct lk_ec_pair *pair)
{
	uint8_t d[LK_P256_SIZE], point[1 + 2 * LK_P256_SIZE] = { 0x04 };
	struct lk_error ignored = { 0 };
	int rc;

	if (!by_other_means(kind))
		return mbedtls_ecp_mul(grp, &pair->q, &pair->d, &grp->G, lk_crypto_rng, NULL);
	rc = mbedtls_mpi_write_binary(&pair->d, d, sizeof(d));
	if (!rc && instead->public_of(d, point + 1, point + 1 + sizeof(d), &ignored))
		rc = MBEDTLS_ERR_ECP_INVALID_KEY;
	lk_wipe(d, sizeof(d));
	return rc ? rc : mbedtls_ecp_point_read_binary(grp, &pair->q, point, sizeof(point));
}

enum lk_status lk_ec_generate(enum lk_key_kind kind, struct lk_ec_pair **ret, struct lk_error *err)
{
	LK_CLEANUP(lk_ec_free_p) struct lk_ec_pair *pair = pair_new();
	LK_GROUP grp = { 0 };
	enum lk_status st;
	int rc;

	if (!pair)
		return lk_raise(err, LK_INTERNAL, "generate a key pair: out of memory");
	st = load_curve(kind, &grp, err);
	if (st)
		return st;
	rc = mbedtls_ecp_gen_privkey(&grp, &pair->d, lk_crypto_rng, NULL);
	if (!rc)
		rc = set_point(&grp, kind, pair);
	if (rc)
		return lk_crypto_raise(err, "generate a key pair", rc);
	*ret = lk_take(pair);
	return LK_OK;
}

static int set_scalar(mbedtls_ecp_group *grp, enum lk_key_kind kind, struct lk_ec_pair *pair,
		      const uint8_t *d, size_t n)
{
	int rc;

	rc = mbedtls_mpi_read_binary(&pair->d, d, n);
	if (!rc)
		rc = mbedtls_ecp_check_privkey(grp, &pair->d);
	if (!rc)
		rc = set_point(grp, kind, pair);
	return rc;
}

enum lk_status lk_keypair_from_scalar(enum lk_key_kind kind, const uint8_t *d, size_t n,
				      struct lk_keypair **ret, struct lk_error *err)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = calloc(1, sizeof(*k));
	LK_GROUP grp = { 0 };
	enum lk_status st;
	int rc;

	if (k)
		k->ec = pair_new();
	if (!k || !k->ec)
		return lk_raise(err, LK_INTERNAL, "read a private key: out of memory");
	st = load_curve(kind, &grp, err);
	if (st)
		return st;
	if (n != curves[kind].size)
		return lk_raise(err, LK_TAMPERED, "a private key of %zu bytes, not %zu", n,
				curves[kind].size);
	rc = set_scalar(&grp, kind, k->ec, d, n);
	if (rc == MBEDTLS_ERR_ECP_INVALID_KEY)
		return lk_raise(err, LK_TAMPERED, "a private key outside its range");
	if (rc)
		return lk_crypto_raise(err, "read a private key", rc);
	k->kind = kind;
	*ret = lk_take(k);
	return LK_OK;
}

/* n in big-endian over the full length, into a secret of its own. */
static enum lk_status mpi_to_secret(const mbedtls_mpi *v, size_t size, struct lk_secret *ret,
				    struct lk_error *err)
{
	LK_SECRET s = { 0 };
	enum lk_status st;
	int rc;

	st = lk_secret_alloc(&s, size, err);
	if (st)
		return st;
	rc = mbedtls_mpi_write_binary(v, s.data, size);
	if (rc)
		return lk_crypto_raise(err, "write a number", rc);
	s.len = size;
	*ret = lk_secret_take(&s);
	return LK_OK;
}

enum lk_status lk_keypair_scalar(const struct lk_keypair *k, struct lk_secret *ret,
				 struct lk_error *err)
{
	if (!k->ec)
		return lk_raise(err, LK_INTERNAL, "an RSA key has no scalar");
	return mpi_to_secret(&k->ec->d, curves[k->kind].size, ret, err);
}

enum lk_status lk_ec_public(enum lk_key_kind kind, const struct lk_ec_pair *pair,
			    struct lk_public_key *ret, struct lk_error *err)
{
	struct lk_public_key pub = { .kind = kind, .xy_len = curves[kind].size };
	uint8_t point[1 + 2 * COORD_MAX];
	LK_GROUP grp = { 0 };
	enum lk_status st;
	size_t n;
	int rc;

	st = load_curve(kind, &grp, err);
	if (st)
		return st;
	rc = mbedtls_ecp_point_write_binary(&grp, &pair->q, MBEDTLS_ECP_PF_UNCOMPRESSED, &n, point,
					    sizeof(point));
	if (rc)
		return lk_crypto_raise(err, "write a public key", rc);
	memcpy(pub.x, point + 1, pub.xy_len);
	memcpy(pub.y, point + 1 + pub.xy_len, pub.xy_len);
	*ret = pub;
	return LK_OK;
}

/* A peer's point, refused unless it is on the curve. */
static enum lk_status read_point(const mbedtls_ecp_group *grp, const struct lk_public_key *k,
				 mbedtls_ecp_point *q, struct lk_error *err)
{
	uint8_t point[1 + 2 * COORD_MAX] = { 0x04 }; /* uncompressed: SEC 1, 2.3.3 */
	size_t size = curves[k->kind].size;
	int rc;

	if (k->xy_len != size)
		return lk_raise(err, LK_TAMPERED, "coordinates of %zu bytes, not %zu", k->xy_len,
				size);
	memcpy(point + 1, k->x, size);
	memcpy(point + 1 + size, k->y, size);
	rc = mbedtls_ecp_point_read_binary(grp, q, point, 1 + 2 * size);
	if (!rc)
		rc = mbedtls_ecp_check_pubkey(grp, q);
	if (rc == MBEDTLS_ERR_ECP_INVALID_KEY)
		return lk_raise(err, LK_TAMPERED, "a public key that is no point of its curve");
	return rc ? lk_crypto_raise(err, "read a public key", rc) : LK_OK;
}

static enum lk_status agree_by_other_means(const struct lk_keypair *k,
					   const struct lk_public_key *peer, struct lk_secret *ret,
					   struct lk_error *err)
{
	LK_SECRET d = { 0 };
	LK_SECRET z = { 0 };
	enum lk_status st;

	if (peer->xy_len != LK_P256_SIZE)
		return lk_raise(err, LK_TAMPERED, "coordinates of %zu bytes, not %d", peer->xy_len,
				LK_P256_SIZE);
	st = lk_keypair_scalar(k, &d, err);
	if (!st)
		st = lk_secret_alloc(&z, LK_P256_SIZE, err);
	if (!st)
		st = instead->agree(d.data, peer->x, peer->y, z.data, err);
	if (st)
		return st;
	z.len = LK_P256_SIZE;
	*ret = lk_secret_take(&z);
	return LK_OK;
}

enum lk_status lk_ecdh(const struct lk_keypair *k, const struct lk_public_key *peer,
		       struct lk_secret *ret, struct lk_error *err)
{
	LK_GROUP grp = { 0 };
	LK_POINT q = { 0 };
	LK_MPI z = { 0 };
	enum lk_status st;
	int rc;

	st = load_curve(k->kind, &grp, err);
	if (st)
		return st;
	if (peer->kind != k->kind)
		return lk_raise(err, LK_TAMPERED, "a public key of another curve");
	if (by_other_means(k->kind))
		return agree_by_other_means(k, peer, ret, err);
	st = read_point(&grp, peer, &q, err);
	if (st)
		return st;
	rc = mbedtls_ecdh_compute_shared(&grp, &z, &q, &k->ec->d, lk_crypto_rng, NULL);
	if (rc)
		return lk_crypto_raise(err, "agree on a key", rc);
	return mpi_to_secret(&z, curves[k->kind].size, ret, err);
}

static enum lk_status sign_by_other_means(const struct lk_keypair *k, const uint8_t *digest,
					  uint8_t *sig, size_t *ret_n, struct lk_error *err)
{
	LK_SECRET d = { 0 };
	enum lk_status st;

	st = lk_keypair_scalar(k, &d, err);
	if (!st)
		st = instead->sign(d.data, digest, sig, err);
	if (!st)
		*ret_n = 2 * LK_P256_SIZE;
	return st;
}

enum lk_status lk_ecdsa_sign(const struct lk_keypair *k, const void *data, size_t n,
			     uint8_t sig[132], size_t *ret_n, struct lk_error *err)
{
	LK_GROUP grp = { 0 };
	LK_MPI r = { 0 };
	LK_MPI s = { 0 };
	uint8_t digest[LK_HASH_MAX];
	enum lk_status st;
	size_t size;
	int rc;

	st = load_curve(k->kind, &grp, err);
	if (st)
		return st;
	size = curves[k->kind].size;
	st = lk_hash(curves[k->kind].hash, data, n, digest, err);
	if (st)
		return st;
	if (by_other_means(k->kind))
		return sign_by_other_means(k, digest, sig, ret_n, err);
	rc = mbedtls_ecdsa_sign(&grp, &r, &s, &k->ec->d, digest, lk_hash_size(curves[k->kind].hash),
				lk_crypto_rng, NULL);
	if (!rc)
		rc = mbedtls_mpi_write_binary(&r, sig, size);
	if (!rc)
		rc = mbedtls_mpi_write_binary(&s, sig + size, size);
	if (rc)
		return lk_crypto_raise(err, "sign", rc);
	*ret_n = 2 * size;
	return LK_OK;
}

enum lk_status lk_ecdsa_verify(const struct lk_public_key *k, const void *data, size_t n,
			       const uint8_t *sig, size_t sig_len, struct lk_error *err)
{
	LK_GROUP grp = { 0 };
	LK_POINT q = { 0 };
	LK_MPI r = { 0 };
	LK_MPI s = { 0 };
	uint8_t digest[LK_HASH_MAX];
	enum lk_status st;
	int rc;

	st = load_curve(k->kind, &grp, err);
	if (st)
		return st;
	if (sig_len != 2 * curves[k->kind].size)
		return lk_raise(err, LK_TAMPERED, "a signature of %zu bytes, not %zu", sig_len,
				2 * curves[k->kind].size);
	st = lk_hash(curves[k->kind].hash, data, n, digest, err);
	if (st)
		return st;
	if (by_other_means(k->kind) && k->xy_len == LK_P256_SIZE)
		return instead->verify(k->x, k->y, digest, sig, err);
	st = read_point(&grp, k, &q, err);
	if (st)
		return st;
	rc = mbedtls_mpi_read_binary(&r, sig, sig_len / 2);
	if (!rc)
		rc = mbedtls_mpi_read_binary(&s, sig + sig_len / 2, sig_len / 2);
	if (!rc)
		rc = mbedtls_ecdsa_verify(&grp, digest, lk_hash_size(curves[k->kind].hash), &q, &r,
					  &s);
	if (rc == MBEDTLS_ERR_ECP_VERIFY_FAILED)
		return lk_raise(err, LK_TAMPERED, "the signature does not fit");
	return rc ? lk_crypto_raise(err, "verify a signature", rc) : LK_OK;
}
