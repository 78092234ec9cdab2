/*-------------------------------------------------------------------------
 *
 * format_rails.c
 *	  Migrations of Rails: all of them holes, since they are Ruby.
 *
 * Numbered files of SQL in a Rails application are format_numbered.c's.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"

static MigFit
rails_recognise(const MigFileEntry *entry)
{
	return entry->language && entry->numbered && entry->separator == '_' &&
		strchr(entry->version, '.') == NULL ? FIT_SURE : FIT_NO;
}

static void
rails_read(const MigFileEntry *entry, MigSource *source)
{
	mig_take_number(entry, source);
	mig_whole_script(entry, source, &source->up);
}

const MigFormat mig_format_rails = {
	.name = "rails",
	.files = "<time>_<name>.rb",
	.languages = "Ruby",
	.recognise = rails_recognise,
	.read = rails_read
};
