/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates: what is no certificate, pins as other tools reckon them, and dates ignored while
 * everything else still counts. */
#include "core/crypto.h"

#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include "tests/check.h"

#define CERT_A                                                                                     \
	"-----BEGIN CERTIFICATE-----\n"                                                            \
	"MIIBizCCATGgAwIBAgIUUtaFDAZ9Z0JBRz4pcJlalEVy0PUwCgYIKoZIzj0EAwIw\n"                       \
	"GjEYMBYGA1UEAwwPbGF0Y2hrZXktdGVzdC1hMCAXDTI2MTEyMzA3NDM1MFoYDzIx\n"                       \
	"MjYxMDMwMDc0MzUwWjAaMRgwFgYDVQQDDA9sYXRjaGtleS10ZXN0LWEwWTATBgcq\n"                       \
	"hkjOPQIBBggqhkjOPQMBBwNCAARjZ9ylyMniGIuMLKUktm9GAjobxl+n1+ndeu2U\n"                       \
	"5kOjrZUsPCgyz2Sb6Rgx+PEaUBiTG6O91Ynyw3GUsfQCwU/Wo1MwUTAdBgNVHQ4E\n"                       \
	"FgQUvmMpt1FPgejxcMLswvUUJkh1q+kwHwYDVR0jBBgwFoAUvmMpt1FPgejxcMLs\n"                       \
	"wvUUJkh1q+kwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiA78vS0\n"                       \
	"RFVSt2S2OHBvHyTIGapLRof9rxEy9tKf0w9wtQIhAJuJ471AXHLPKQ1BgwLV0Bsa\n"                       \
	"n9Y2Xdt1XeWMNlUYpsLT\n"                                                                   \
	"-----END CERTIFICATE-----\n"

#define CERT_EXPIRED                                                                               \
	"-----BEGIN CERTIFICATE-----\n"                                                            \
	"MIIBQTCB6KADAgECAgEBMAoGCCqGSM49BAMCMCAxHjAcBgNVBAMMFWxhdGNoa2V5\n"                       \
	"LXRlc3QtZXhwaXJlZDAeFw0wMTAxMDEwMDAwMDBaFw0wMjAxMDEwMDAwMDBaMCAx\n"                       \
	"HjAcBgNVBAMMFWxhdGNoa2V5LXRlc3QtZXhwaXJlZDBZMBMGByqGSM49AgEGCCqG\n"                       \
	"SM49AwEHA0IABOhwaMU5zVRdEnfmbJderuppDQGb/lBTZM2eRgXoywafBJ9aNm5L\n"                       \
	"uxmVSrtW9t2524EKmpKVweSI7XNBdYE7/Y+jEzARMA8GA1UdEwEB/wQFMAMBAf8w\n"                       \
	"CgYIKoZIzj0EAwIDSAAwRQIhAOTqSsD4Odj/85PEKTg7ShYXaVYMZlp/DtUWjB5k\n"                       \
	"GxauAiApUgZTlcLf2gqF7YRRE9SfWfI/7QApeUsaZJt55CAwaQ==\n"                                   \
	"-----END CERTIFICATE-----\n"

TEST(text_without_certificates_is_refused)
{
	struct lk_error err = { 0 };
	char pin[LK_SPKI_PIN_SIZE] = "kept";
	unsigned n = 9;

	CHECK_EQ(lk_x509_check_bundle("", &n, &err), LK_CONFIG);
	CHECK_EQ(lk_x509_check_bundle("no certificate\n", &n, &err), LK_CONFIG);
	CHECK_EQ(lk_x509_check_bundle("-----BEGIN CERTIFICATE-----\nAAAA\n"
				      "-----END CERTIFICATE-----\n",
				      &n, &err),
		 LK_CONFIG);
	/* one good, one broken: not a bundle of one */
	CHECK_EQ(lk_x509_check_bundle(CERT_A "-----BEGIN CERTIFICATE-----\nAAAA\n"
					     "-----END CERTIFICATE-----\n",
				      &n, &err),
		 LK_CONFIG);
	CHECK_EQ(lk_x509_spki_pin("", pin, &err), LK_CONFIG);
	CHECK_STR(pin, "kept");
	CHECK_EQ(n, 9);
}

TEST(bundles_are_counted)
{
	struct lk_error err = { 0 };
	unsigned n;

	CHECK_OK(lk_x509_check_bundle(CERT_A, &n, &err));
	CHECK_EQ(n, 1);
	CHECK_OK(lk_x509_check_bundle("comment\n" CERT_A "\n" CERT_EXPIRED, &n, &err));
	CHECK_EQ(n, 2);
}

/* openssl x509 -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 | base64 */
TEST(pin_is_the_usual_one)
{
	char pin[LK_SPKI_PIN_SIZE];
	struct lk_error err = { 0 };

	CHECK_OK(lk_x509_spki_pin(CERT_A CERT_EXPIRED, pin, &err));
	CHECK_STR(pin, "sha256//xtWwKq8zcuKgtQ59rn4IhltcIuROwywVCSYrtEi1qRI=");
}

static uint32_t verify(const char *pem, const char *ca_pem, mbedtls_ssl_config *conf)
{
	mbedtls_x509_crt crt, ca;
	uint32_t flags = 0;

	mbedtls_x509_crt_init(&crt);
	mbedtls_x509_crt_init(&ca);
	CHECK_EQ(mbedtls_x509_crt_parse(&crt, (const uint8_t *)pem, strlen(pem) + 1), 0);
	CHECK_EQ(mbedtls_x509_crt_parse(&ca, (const uint8_t *)ca_pem, strlen(ca_pem) + 1), 0);
	(void)mbedtls_x509_crt_verify(&crt, &ca, NULL, NULL, &flags, conf->MBEDTLS_PRIVATE(f_vrfy),
				      NULL);
	mbedtls_x509_crt_free(&crt);
	mbedtls_x509_crt_free(&ca);
	return flags;
}

TEST(only_dates_are_ignored)
{
	mbedtls_ssl_config conf;

	mbedtls_ssl_config_init(&conf);
	CHECK(verify(CERT_EXPIRED, CERT_EXPIRED, &conf) & MBEDTLS_X509_BADCERT_EXPIRED);
	lk_tls_ignore_dates(&conf);
	CHECK_EQ(verify(CERT_EXPIRED, CERT_EXPIRED, &conf), 0);
	CHECK(verify(CERT_EXPIRED, CERT_A, &conf) & MBEDTLS_X509_BADCERT_NOT_TRUSTED);
	CHECK(verify(CERT_A, CERT_EXPIRED, &conf) & MBEDTLS_X509_BADCERT_NOT_TRUSTED);
	mbedtls_ssl_config_free(&conf);
}

TESTS(text_without_certificates_is_refused, bundles_are_counted, pin_is_the_usual_one,
      only_dates_are_ignored)
