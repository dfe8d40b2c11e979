/* SPDX-License-Identifier: Apache-2.0 */
/* `latchkey-image build`: its options, and what it tells the operator. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/config.h"
#include "core/log.h"
#include "image/build.h"
#include "image/commands.h"

#define DEFAULT_SOCKET "/run/latchkeyd/admin.sock"
#define DELTA_MIN      (INT64_C(16) << 20)
#define DELTA_MAX      (INT64_C(64) << 40)

static const char help[] =
	"Usage: latchkey-image build --tree DIR|TAR --kernel FILE --config DIR --out DISK.img\n"
	"           (--enroll latchkeyd --resource A/B/C | --escrow-to JWK | --verity-only)\n"
	"           [option ...]\n\n"
	"  --tree DIR|TAR         the root file system\n"
	"  --kernel FILE          the kernel to boot (vmlinuz)\n"
	"  --kver RELEASE         its release; default: the only one in the tree's /lib/modules\n"
	"  --initrd FILE          extend this initramfs; default: run the tree's own dracut\n"
	"  --config DIR           fde.conf, latchkey.conf, volumes.d: see latchkey.conf(5)\n"
	"  --out DISK.img         the disk; DISK.vmlinuz, .initrd, .cmdline, .json go beside it\n"
	"  --enroll latchkeyd     store the disk's key in the key server, and read it back\n"
	"  --resource A/B/C       under this name\n"
	"  --socket PATH          the server's socket; default: " DEFAULT_SOCKET "\n"
	"  --escrow-to JWK        encrypt the disk's key to this public key instead\n"
	"  --escrow-out FILE      into this file; default: DISK.escrow.jwe\n"
	"  --verity-only          do not encrypt: the disk is verified, and anybody can read it\n"
	"  --delta-size SIZE      add a blank partition for [delta], such as 2G\n"
	"  --fs erofs|ext4        the root's file system; default: erofs\n"
	"  --cmdline-extra WORDS  more words for the kernel command line: \"console=ttyS0 quiet\"\n"
	"  --force                replace files that exist, and the key of the resource\n"
	"  --no-progress          no progress on the terminal\n";

struct options {
	struct lk_build_request request;
	const char *enroll, *fs, *delta;
	bool help;
};

enum option_id {
	OPT_TREE = 256,
	OPT_KERNEL,
	OPT_KVER,
	OPT_INITRD,
	OPT_CONFIG,
	OPT_OUT,
	OPT_ENROLL,
	OPT_RESOURCE,
	OPT_SOCKET,
	OPT_ESCROW_TO,
	OPT_ESCROW_OUT,
	OPT_VERITY_ONLY,
	OPT_DELTA,
	OPT_FS,
	OPT_EXTRA,
	OPT_FORCE,
	OPT_NO_PROGRESS,
};

static const struct option long_options[] = {
	{ "tree", required_argument, NULL, OPT_TREE },
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "kver", required_argument, NULL, OPT_KVER },
	{ "initrd", required_argument, NULL, OPT_INITRD },
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "out", required_argument, NULL, OPT_OUT },
	{ "enroll", required_argument, NULL, OPT_ENROLL },
	{ "resource", required_argument, NULL, OPT_RESOURCE },
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "escrow-to", required_argument, NULL, OPT_ESCROW_TO },
	{ "escrow-out", required_argument, NULL, OPT_ESCROW_OUT },
	{ "verity-only", no_argument, NULL, OPT_VERITY_ONLY },
	{ "delta-size", required_argument, NULL, OPT_DELTA },
	{ "fs", required_argument, NULL, OPT_FS },
	{ "cmdline-extra", required_argument, NULL, OPT_EXTRA },
	{ "force", no_argument, NULL, OPT_FORCE },
	{ "no-progress", no_argument, NULL, OPT_NO_PROGRESS },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static const char **text_option(struct options *o, int id)
{
	struct lk_build_request *r = &o->request;

	switch (id) {
	case OPT_TREE:
		return &r->tree;
	case OPT_KERNEL:
		return &r->kernel;
	case OPT_KVER:
		return &r->kver;
	case OPT_INITRD:
		return &r->initrd;
	case OPT_CONFIG:
		return &r->config;
	case OPT_OUT:
		return &r->out;
	case OPT_ENROLL:
		return &o->enroll;
	case OPT_RESOURCE:
		return &r->resource;
	case OPT_SOCKET:
		return &r->socket;
	case OPT_ESCROW_TO:
		return &r->escrow_to;
	case OPT_ESCROW_OUT:
		return &r->escrow_out;
	case OPT_DELTA:
		return &o->delta;
	case OPT_FS:
		return &o->fs;
	case OPT_EXTRA:
		return &r->cmdline_extra;
	default:
		return NULL;
	}
}

static enum lk_status parse(int argc, char **argv, struct options *o, struct lk_error *err)
{
	const char **text;
	int id, i = 0;

	opterr = 0;
	while ((id = getopt_long(argc, argv, "+h", long_options, &i)) != -1) {
		text = text_option(o, id);
		if (text && *text)
			return lk_raise(err, LK_CONFIG, "--%s is given twice",
					long_options[i].name);
		if (text)
			*text = optarg;
		else if (id == OPT_VERITY_ONLY)
			o->request.verity_only = true;
		else if (id == OPT_FORCE)
			o->request.force = true;
		else if (id == OPT_NO_PROGRESS)
			o->request.progress = false;
		else if (id == 'h')
			o->help = true;
		else
			return lk_raise(err, LK_CONFIG,
					"'%s' is no option, or lacks its value (see --help)",
					argv[optind - 1]);
	}
	if (optind < argc)
		return lk_raise(err, LK_CONFIG, "'%s' is one argument too many", argv[optind]);
	return LK_OK;
}

/* The key, if there is one, has exactly one way out of the build. */
static enum lk_status check_key(struct options *o, struct lk_error *err)
{
	struct lk_build_request *r = &o->request;

	if (o->enroll && strcmp(o->enroll, "latchkeyd") != 0)
		return lk_raise(err, LK_CONFIG, "--enroll knows only latchkeyd");
	if (r->verity_only) {
		if (o->enroll || r->escrow_to || r->resource || r->socket || r->escrow_out)
			return lk_raise(err, LK_CONFIG,
					"--verity-only makes a disk without a key: nothing to "
					"enrol or to escrow");
		return LK_OK;
	}
	if (!o->enroll == !r->escrow_to)
		return lk_raise(
			err, LK_CONFIG,
			"give one of --enroll and --escrow-to: a disk whose key is kept nowhere cannot be opened");
	if (!o->enroll != !r->resource)
		return lk_raise(err, LK_CONFIG, "--enroll and --resource go together");
	if (r->socket && !o->enroll)
		return lk_raise(err, LK_CONFIG, "--socket goes with --enroll");
	if (r->escrow_out && !r->escrow_to)
		return lk_raise(err, LK_CONFIG, "--escrow-out goes with --escrow-to");
	if (!r->socket)
		r->socket = DEFAULT_SOCKET;
	return LK_OK;
}

static enum lk_status check_delta(struct options *o, struct lk_error *err)
{
	int64_t bytes;

	if (!o->delta)
		return LK_OK;
	if (!lk_size_parse(o->delta, &bytes) || bytes < DELTA_MIN || bytes > DELTA_MAX)
		return lk_raise(err, LK_CONFIG, "--delta-size is from 16M to 64T, such as 2G");
	o->request.delta_size = (uint64_t)bytes;
	return LK_OK;
}

static enum lk_status check(struct options *o, struct lk_error *err)
{
	struct lk_build_request *r = &o->request;
	const struct {
		const char *name, *value;
	} required[] = {
		{ "--tree", r->tree },
		{ "--kernel", r->kernel },
		{ "--config", r->config },
		{ "--out", r->out },
	};
	enum lk_status st;
	size_t i;

	for (i = 0; i < sizeof(required) / sizeof(required[0]); i++)
		if (!required[i].value || !*required[i].value)
			return lk_raise(err, LK_CONFIG, "%s is missing (see --help)",
					required[i].name);
	for (i = 0; o->fs && lk_fs_names[i] && strcmp(o->fs, lk_fs_names[i]) != 0; i++)
		;
	if (!lk_fs_names[i])
		return lk_raise(err, LK_CONFIG, "--fs knows erofs and ext4");
	r->fs = o->fs ? (enum lk_fs)i : LK_FS_EROFS;
	st = check_delta(o, err);
	return st ? st : check_key(o, err);
}

static void print_log(const char *log)
{
	size_t n;

	for (; *log; log += n + (log[n] == '\n')) {
		n = strcspn(log, "\n");
		fprintf(stderr, "  | %.*s\n", (int)n, log);
	}
}

static void report(const struct options *o, const struct lk_build_result *result)
{
	if (result->single_identity)
		lk_log(LK_LOG_WARNING,
		       "you have no subordinate ids (subuid(5), package uidmap): every file that is yours belongs to root now");
	printf("%s\n  root hash  %s\n", o->request.out, result->root_hash);
	if (o->request.verity_only)
		printf("  key        none: verified, not encrypted; anybody can read this disk\n");
	else if (o->request.resource)
		printf("  key        stored as %s and read back\n", o->request.resource);
	else
		printf("  key        escrowed: keep the .jwe file, nothing else opens this disk\n");
}

int lk_image_cmd_build(int argc, char **argv)
{
	struct options o = { .request = { .progress = true } };
	struct lk_build_result result = { 0 };
	struct lk_error err = { 0 };

	if (parse(argc, argv, &o, &err))
		return lk_cmd_fail(&err);
	if (o.help) {
		fputs(help, stdout);
		return 0;
	}
	if (check(&o, &err))
		return lk_cmd_fail(&err);
	if (lk_build(&o.request, &result, &err)) {
		print_log(result.log);
		lk_context(&err, "build %s", o.request.out);
		return lk_cmd_fail(&err);
	}
	report(&o, &result);
	return 0;
}
