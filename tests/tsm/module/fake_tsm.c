/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * For tests only: a provider of TSM reports. A report is a file's content with the request's data in
 * it; errors and slowness come by parameter. The kernel's own code does all the rest, as with a real
 * one. Linux 6.12; it is built for the test's guest and is part of no program of ours.
 */
#include <linux/delay.h>
#include <linux/kernel_read_file.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/tsm.h>
#include <linux/vmalloc.h>

static char *provider = "fake_guest";
module_param(provider, charp, 0444);
static char *template;
module_param(template, charp, 0444);
static char *certs;
module_param(certs, charp, 0444);
static uint data_at;
module_param(data_at, uint, 0444);
static uint level_at; /* where the privilege level goes; 0: nowhere, and there is no such attribute */
module_param(level_at, uint, 0444);
static uint level_floor;
module_param(level_floor, uint, 0444);

static int fail; /* an errno, for the next fail_times reports */
module_param(fail, int, 0644);
static uint fail_times;
module_param(fail_times, uint, 0644);
static uint delay_ms;
module_param(delay_ms, uint, 0644);
static uint requests;
module_param(requests, uint, 0644);

static void *template_data, *certs_data;
static ssize_t template_size, certs_size;

static u8 *copy(const void *data, size_t size)
{
	u8 *p = kvzalloc(size, GFP_KERNEL);

	if (p)
		memcpy(p, data, size);
	return p;
}

static int fake_report(struct tsm_report *report, void *data)
{
	const struct tsm_desc *desc = &report->desc;

	requests++;
	if (desc->inblob_len != TSM_INBLOB_MAX)
		return -EINVAL;
	if (delay_ms)
		msleep(delay_ms);
	if (fail_times) {
		fail_times--;
		return -fail;
	}
	if (level_at && desc->privlevel < level_floor)
		return -EINVAL;
	report->outblob = copy(template_data, template_size);
	if (!report->outblob)
		return -ENOMEM;
	report->outblob_len = template_size;
	memcpy(report->outblob + data_at, desc->inblob, TSM_INBLOB_MAX);
	if (level_at)
		report->outblob[level_at] = desc->privlevel;
	if (certs_data) {
		report->auxblob = copy(certs_data, certs_size);
		report->auxblob_len = report->auxblob ? certs_size : 0;
	}
	return 0;
}

static bool attribute_visible(int n)
{
	return n == TSM_REPORT_GENERATION || n == TSM_REPORT_PROVIDER ||
	       (level_at && (n == TSM_REPORT_PRIVLEVEL || n == TSM_REPORT_PRIVLEVEL_FLOOR));
}

static bool binary_visible(int n)
{
	return n == TSM_REPORT_INBLOB || n == TSM_REPORT_OUTBLOB ||
	       (certs && n == TSM_REPORT_AUXBLOB);
}

static struct tsm_ops fake_ops = {
	.report_new = fake_report,
	.report_attr_visible = attribute_visible,
	.report_bin_attr_visible = binary_visible,
};

static int load(const char *path, void **data, ssize_t *size)
{
	*size = kernel_read_file_from_path(path, 0, data, INT_MAX, NULL, READING_UNKNOWN);
	return *size < 0 ? *size : 0;
}

static void forget(void)
{
	vfree(template_data);
	vfree(certs_data);
}

static int __init fake_init(void)
{
	int status = template ? load(template, &template_data, &template_size) : -EINVAL;

	if (!status && certs)
		status = load(certs, &certs_data, &certs_size);
	if (!status && (template_size < TSM_INBLOB_MAX || level_at >= template_size ||
			data_at > template_size - TSM_INBLOB_MAX))
		status = -EINVAL;
	fake_ops.name = provider;
	fake_ops.privlevel_floor = level_floor;
	if (!status)
		status = tsm_register(&fake_ops, NULL);
	if (status)
		forget();
	return status;
}

static void __exit fake_exit(void)
{
	tsm_unregister(&fake_ops);
	forget();
}

module_init(fake_init);
module_exit(fake_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("test-only provider of TSM reports");
