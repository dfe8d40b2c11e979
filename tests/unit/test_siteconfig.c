/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the final configuration: the operator's text stays, the build's values come in. */
#include "core/cleanup.h"
#include "image/siteconfig.h"
#include "tests/check.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#define SITE LK_CLEANUP(lk_siteconfig_free) struct lk_siteconfig

static const struct lk_verity_tree tree = {
	.data_blocks = 5,
	.hash_offset = 20480,
	.salt = { 0xab },
	.root_hash = { 0xcd },
};
static const struct lk_site_values values = { "11-22", "33-44", &tree, NULL, NULL };

static const struct lk_site_values whole = { "00000000-0000-4000-8000-000000000000",
					     "00000000-0000-4000-8000-000000000001", &tree, NULL,
					     NULL };

#define ZEROS62 "00000000000000000000000000000000000000000000000000000000000000"
#define ROOT	"device = \"PARTUUID=11-22\"\nluks_uuid = \"33-44\"\n"
#define VERITY                                                                                     \
	"root_hash = \"cd" ZEROS62 "\"\nsalt = \"ab" ZEROS62 "\"\n"                                \
	"algorithm = \"sha256\"\ndata_block_size = 4096\nhash_block_size = 4096\n"                 \
	"data_blocks = 5\nhash_offset = 20480\n"

static void make(struct lk_siteconfig *site, const char *name, const char *text)
{
	memset(site, 0, sizeof(*site));
	snprintf(site->files[0].name, LK_SITE_NAME, "%s", name);
	site->files[0].data = strdup(text);
	site->files[0].len = strlen(text);
	site->n_files = 1;
}

static const char *filled(struct lk_siteconfig *site, const char *name, const char *text)
{
	struct lk_error err = { 0 };

	make(site, name, text);
	CHECK_OK(lk_siteconfig_fill(site, &values, &err));
	return site->files[0].data;
}

static bool refused(const char *text, const char *says)
{
	struct lk_error err = { 0 };
	char line[512];
	SITE site;

	make(&site, "fde.conf", text);
	return lk_siteconfig_fill(&site, &values, &err) == LK_CONFIG &&
	       strstr(lk_error_format(&err, line, sizeof(line)), says) &&
	       strcmp(site.files[0].data, text) == 0;
}

TEST(values_of_the_operator_are_not_overwritten)
{
	CHECK(refused("[rootfs]\ndevice = \"UUID=1\"\n", "fde.conf:2"));
	CHECK(refused("[rootfs]\n\n  luks_uuid= \"1\"\n", "fde.conf:3"));
	CHECK(refused("[rootfs]\n[rootfs.verity]\nroot_hash = \"00\"\n", "root_hash"));
	CHECK(refused("[rootfs.verity]\nhash_offset = 1\n", "hash_offset"));
	CHECK(refused("[rootfs\n", "fde.conf"));
}

TEST(missing_sections_are_added)
{
	SITE site;

	CHECK_STR(filled(&site, "fde.conf", ""), "\n[rootfs]\n" ROOT "\n[rootfs.verity]\n" VERITY);
}

TEST(text_and_comments_stay)
{
	SITE site;

	CHECK_STR(filled(&site, "fde.toml",
			 "# top\n  [rootfs] # here\nrw_overlay = \"ram\" # keep\n\n"
			 "[rootfs.encrypt.exec]\ncommand = \"/bin/x\""),
		  "# top\n  [rootfs] # here\n" ROOT "rw_overlay = \"ram\" # keep\n\n"
		  "[rootfs.encrypt.exec]\ncommand = \"/bin/x\"\n\n[rootfs.verity]\n" VERITY);
}

TEST(sections_in_any_order_and_without_a_last_newline)
{
	SITE site;

	CHECK_STR(filled(&site, "fde.conf",
			 "[rootfs.verity]\non_corruption = error\n[rootfs.encrypt.exec]\n"
			 "command = /x\n[rootfs]"),
		  "[rootfs.verity]\n" VERITY "on_corruption = error\n[rootfs.encrypt.exec]\n"
		  "command = /x\n[rootfs]\n" ROOT);
}

TEST(headings_inside_values_are_text)
{
	SITE site;

	CHECK_STR(filled(&site, "fde.conf",
			 "[rootfs.encrypt.kbs]\nkbs_root_cert = '''\n[rootfs]\ndevice = 1\n'''\n"
			 "kbs_url = [\n  \"a\", # [rootfs]\n]\n[rootfs]\n"),
		  "[rootfs.encrypt.kbs]\nkbs_root_cert = '''\n[rootfs]\ndevice = 1\n'''\n"
		  "kbs_url = [\n  \"a\", # [rootfs]\n]\n[rootfs]\n" ROOT
		  "\n[rootfs.verity]\n" VERITY);
}

static void put(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	CHECK(f != NULL);
	fputs(text, f);
	fclose(f);
}

static bool has(const struct lk_siteconfig *site, const char *name)
{
	size_t i;

	for (i = 0; i < site->n_files; i++)
		if (strcmp(site->files[i].name, name) == 0)
			return true;
	return false;
}

TEST(only_configuration_and_what_it_names_is_taken)
{
	char dir[] = "/tmp/lk-site-XXXXXX", path[256];
	struct lk_error err = { 0 };
	SITE site = { 0 };

	CHECK(mkdtemp(dir) != NULL);
	CHECK_EQ(lk_siteconfig_read(dir, &site, &err), LK_CONFIG); /* no fde file */
	put(dir, "fde.conf",
	    "[rootfs]\n# /etc/latchkey/in-a-comment\n[rootfs.encrypt.kbs]\n"
	    "kbs_root_cert = \"/etc/latchkey/tls/ca.pem\"\n");
	put(dir, "operator.pem", "private");
	CHECK_EQ(lk_siteconfig_read(dir, &site, &err), LK_CONFIG); /* ca.pem is missing */
	CHECK_EQ(site.n_files, 0);
	snprintf(path, sizeof(path), "%s/tls", dir);
	CHECK_EQ(mkdir(path, 0700), 0);
	put(dir, "tls/ca.pem", "public");
	CHECK_OK(lk_siteconfig_read(dir, &site, &err));
	CHECK_EQ(site.n_files, 3);
	CHECK(has(&site, "fde.conf") && has(&site, "tls") && has(&site, "tls/ca.pem"));
	lk_siteconfig_free(&site);
	put(dir, "fde.toml", "[rootfs]\n");
	CHECK_EQ(lk_siteconfig_read(dir, &site, &err), LK_CONFIG); /* two of them */
	snprintf(path, sizeof(path), "rm -r '%s'", dir);
	CHECK_EQ(system(path), 0);
}

#define PILOT                                                                                      \
	"[rootfs]\ndelta_location = \"ram\"\ndelta_backend = \"overlayfs\"\n"                      \
	"[rootfs.encrypt.exec]\ncommand = \"/bin/true\"\n"                                         \
	"[delta.encrypt.exec]\ncommand = \"/bin/true\"\n"

/* cryptpilot's files stay as they are; what the build knows goes beside them. */
TEST(cryptpilots_folders)
{
	char dir[] = "/tmp/lk-site-XXXXXX", out[] = "/tmp/lk-site-XXXXXX", path[256];
	char text[512];
	struct lk_site_facts facts = { 0 };
	struct lk_error err = { 0 };
	SITE site = { 0 };

	CHECK(mkdtemp(dir) && mkdtemp(out));
	put(dir, "fde.toml", PILOT);
	CHECK_OK(lk_siteconfig_read(dir, &site, &err)); /* told by its text alone */
	CHECK(site.cryptpilot);
	CHECK_STR(lk_siteconfig_folder(&site), "/etc/cryptpilot");
	lk_siteconfig_free(&site);
	put(dir, "global.toml", "[boot]\nverbose = true\n");
	snprintf(path, sizeof(path), "%s/volumes", dir);
	CHECK_EQ(mkdir(path, 0700), 0);
	put(dir, "volumes/a.toml",
	    "volume = \"a\"\ndev = \"/dev/vdb\"\n[encrypt.kbs]\n"
	    "kbs_root_cert = \"/etc/cryptpilot/ca.pem\"\n");
	CHECK_EQ(lk_siteconfig_read(dir, &site, &err), LK_CONFIG); /* ca.pem is missing */
	put(dir, "volumes/a.toml",
	    "volume = \"a\"\ndev = \"/dev/vdb\"\n[encrypt.exec]\ncommand = \"/bin/true\"\n");
	err = (struct lk_error){ 0 };
	CHECK_OK(lk_siteconfig_read(dir, &site, &err));
	CHECK_EQ(site.n_files, 4);
	CHECK(has(&site, "volumes") && has(&site, "volumes/a.toml") && has(&site, "global.toml"));
	CHECK_OK(lk_siteconfig_fill(&site, &whole, &err));
	CHECK(has(&site, "metadata.toml") && has(&site, "fde.toml"));
	CHECK_OK(lk_siteconfig_write(&site, out, &err));
	CHECK_OK(lk_siteconfig_check(&site, out, "SITE", &facts, &err));
	CHECK_STR(facts.mapper, "rootfs");
	lk_siteconfig_free(&site);
	put(dir, "metadata.toml", "type = 1\n");
	CHECK_EQ(lk_siteconfig_read(dir, &site, &err), LK_CONFIG);
	CHECK_HAS(lk_error_format(&err, text, sizeof(text)), "writes '");
	snprintf(path, sizeof(path), "rm -r '%s' '%s'", dir, out);
	CHECK_EQ(system(path), 0);
}

/* An fde.toml of ours is not taken for one of cryptpilot's. */
/* A disk that is verified only, with a place for the writable layer. */
TEST(cryptpilots_other_disks)
{
	static const struct lk_site_values plain = {
		.part_uuid = "00000000-0000-4000-8000-000000000000",
		.verity = &tree,
		.hash_uuid = "00000000-0000-4000-8000-000000000002",
		.delta_uuid = "00000000-0000-4000-8000-000000000003",
	};
	const char *text;
	struct lk_error err = { 0 };
	SITE site;

	make(&site, "fde.toml", PILOT);
	site.cryptpilot = true;
	CHECK_OK(lk_siteconfig_fill(&site, &plain, &err));
	CHECK_EQ(site.n_files, 2);
	text = site.files[1].data;
	CHECK_HAS(text, "delta_device = \"PARTUUID=00000000-0000-4000-8000-000000000003\"\n");
	CHECK_HAS(text, "hash_offset = 0\nhash_device = \"PARTUUID=");
	CHECK(!strstr(text, "luks_uuid"));
}

TEST(own_folders)
{
	char dir[] = "/tmp/lk-site-XXXXXX", path[256];
	struct lk_error err = { 0 };
	SITE site = { 0 };

	CHECK(mkdtemp(dir) != NULL);
	put(dir, "fde.toml", "[rootfs]\n[delta]\ndevice = \"/dev/vdb\"\n");
	CHECK_OK(lk_siteconfig_read(dir, &site, &err));
	CHECK(!site.cryptpilot);
	CHECK_STR(lk_siteconfig_folder(&site), "/etc/latchkey");
	lk_siteconfig_free(&site);
	put(dir, "fde.toml", PILOT);
	put(dir, "latchkey.conf", "");
	CHECK_OK(lk_siteconfig_read(dir, &site, &err));
	CHECK(!site.cryptpilot);
	snprintf(path, sizeof(path), "rm -r '%s'", dir);
	CHECK_EQ(system(path), 0);
}

static char said[1024];

static enum lk_status checked(const char *fde, char mapper[LK_SITE_NAME], enum lk_code *code)
{
	char dir[] = "/tmp/lk-site-XXXXXX", remove_it[64];
	struct lk_site_facts facts = { 0 };
	struct lk_error err = { 0 };
	enum lk_status st;
	SITE site;

	CHECK(mkdtemp(dir) != NULL);
	make(&site, "fde.conf", fde);
	CHECK_OK(lk_siteconfig_fill(&site, &whole, &err));
	CHECK_OK(lk_siteconfig_write(&site, dir, &err));
	st = lk_siteconfig_check(&site, dir, "SITE", &facts, &err);
	snprintf(mapper, LK_SITE_NAME, "%s", facts.mapper);
	*code = err.code;
	lk_error_format(&err, said, sizeof(said));
	snprintf(remove_it, sizeof(remove_it), "rm -r '%s'", dir);
	CHECK_EQ(system(remove_it), 0);
	return st;
}

TEST(the_agents_reader_has_the_last_word)
{
	char name[LK_SITE_NAME] = "";
	enum lk_code code;

	CHECK_EQ(checked("[rootfs]\n", name, &code), LK_CONFIG); /* no provider */
	CHECK_EQ(checked("[rootfs]\nencrypted = false\n", name, &code), LK_CONFIG);
	CHECK_EQ(checked("[rootfs]\nnmae = \"x\"\n[rootfs.encrypt.exec]\ncommand = \"/bin/true\"\n",
			 name, &code),
		 LK_CONFIG);
	CHECK_EQ(code, LK_C_CONFIG_UNKNOWN);
	CHECK_HAS(said, "SITE/fde.conf:2: ");
	CHECK_EQ(checked("[rootfs.verity]\n[rootfs]\n[rootfs.encrypt.exec]\ncommand = /x\nx = 1\n",
			 name, &code),
		 LK_CONFIG);
	CHECK_HAS(said, "SITE/fde.conf:5: ");
	CHECK_EQ(
		checked("[rootfs]\nname = \"vm\"\n[rootfs.encrypt.exec]\ncommand = \"/bin/true\"\n",
			name, &code),
		LK_OK);
	CHECK_STR(name, "vm");
}

TESTS(values_of_the_operator_are_not_overwritten, missing_sections_are_added,
      text_and_comments_stay, sections_in_any_order_and_without_a_last_newline,
      headings_inside_values_are_text, the_agents_reader_has_the_last_word,
      only_configuration_and_what_it_names_is_taken, cryptpilots_folders, cryptpilots_other_disks,
      own_folders)
