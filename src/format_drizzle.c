/*-------------------------------------------------------------------------
 *
 * format_drizzle.c
 *	  Files of drizzle, which has a journal of them.
 *
 * Only what the journal names is a migration, and their order is the
 * journal's.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"

#include "utils/jsonb.h"

#define JOURNAL "_journal.json"
#define JOURNAL_DIRECTORY "meta"

static bool
drizzle_index(const MigFileEntry *entry)
{
	return strcmp(entry->base, JOURNAL) == 0 &&
		strcmp(entry->parent, JOURNAL_DIRECTORY) == 0;
}

static MigFit
drizzle_recognise(const MigFileEntry *entry)
{
	const char *journal;

	if (!entry->sql || !entry->indexed)
		return FIT_NO;
	journal = entry->index->file->path;
	return mig_beside(entry, journal,
					  entry->index->base - journal - strlen(JOURNAL_DIRECTORY "/")) ?
		FIT_SURE : FIT_NO;
}

static void
drizzle_read(const MigFileEntry *entry, MigSource *source)
{
	char	   *tag = pnstrdup(entry->base, strlen(entry->base) - strlen(".sql"));
	size_t		digits = strspn(tag, "0123456789");

	/* drizzle_finish() sees which numbers tell migrations apart */
	source->version = tag;
	source->name = digits > 0 && tag[digits] == '_' && tag[digits + 1] ?
		pstrdup(tag + digits + 1) : tag;
	mig_whole_script(entry, source, &source->up);
	if (strstr(entry->text, "--> statement-breakpoint"))
		source->up.variables = MIG_VARIABLES_DRIZZLE;
}

static void
bad_journal(const MigFileEntry *journal, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_MIG_BAD_FILE),
			 errmsg("file \"%s\" is no journal of drizzle", journal->file->path),
			 errdetail_internal("%s", detail)));
}

/* A string of an object, or NULL. */
static char *
get_string(JsonbContainer *object, const char *key)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, key, strlen(key), NULL);

	return value && value->type == jbvString ?
		pnstrdup(value->val.string.val, value->val.string.len) : NULL;
}

/* The journal's tags, in order. */
static List *
read_journal(const MigFileEntry *journal)
{
	Jsonb	   *json = mig_parse_json(journal);
	List	   *tags = NIL;
	JsonbValue *entries;
	char	   *dialect;
	int			i;

	if (!JB_ROOT_IS_OBJECT(json))
		bad_journal(journal, "It is no object.");
	dialect = get_string(&json->root, "dialect");
	if (dialect && strcmp(dialect, "postgresql") != 0 && strcmp(dialect, "pg") != 0)
		bad_journal(journal, psprintf("Its dialect is \"%s\".", dialect));
	entries = getKeyJsonValueFromContainer(&json->root, "entries",
										   strlen("entries"), NULL);
	if (entries == NULL || entries->type != jbvBinary ||
		!JsonContainerIsArray(entries->val.binary.data))
		bad_journal(journal, "It has no array \"entries\".");
	for (i = 0; i < JsonContainerSize(entries->val.binary.data); i++)
	{
		JsonbValue *entry = getIthJsonbValueFromContainer(entries->val.binary.data, i);
		char	   *tag = entry->type == jbvBinary &&
			JsonContainerIsObject(entry->val.binary.data) ?
			get_string(entry->val.binary.data, "tag") : NULL;

		if (tag == NULL)
			bad_journal(journal, psprintf("Entry %d has no string \"tag\".", i));
		tags = lappend(tags, tag);
	}
	return tags;
}

static int
compare_tags(const ListCell *a, const ListCell *b)
{
	return strcmp(((const MigSource *) lfirst(a))->version,
				  ((const MigSource *) lfirst(b))->version);
}

static MigSource *
find_tag(List *sorted, const char *tag)
{
	int			low = 0;
	int			high = list_length(sorted);

	while (low < high)
	{
		int			middle = (low + high) / 2;
		MigSource  *source = list_nth(sorted, middle);
		int			order = strcmp(tag, source->version);

		if (order == 0)
			return source;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static List *
drizzle_finish(List *entries, List *sources)
{
	const MigFileEntry *journal = ((const MigFileEntry *) linitial(entries))->index;
	List	   *tags = read_journal(journal);
	List	   *sorted = list_copy(sources);
	List	   *result = NIL;
	ListCell   *lc;

	mig_refuse_above(entries, journal->depth - 1);
	list_sort(sorted, compare_tags);
	foreach(lc, tags)
	{
		const char *tag = lfirst(lc);
		MigSource  *source = find_tag(sorted, tag);

		if (source == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_BAD_FILE),
					 errmsg("file \"%.*s%s.sql\" is in the journal, but not in the directory",
							(int) (journal->base - journal->file->path -
								   strlen(JOURNAL_DIRECTORY "/")),
							journal->file->path, tag),
					 errhint("Bring it back, or generate the migrations anew.")));
		if (source->place > 0)
			bad_journal(journal, psprintf("It has \"%s\" twice.", tag));
		source->place = list_length(result) + 1;
		result = lappend(result, source);
	}
	foreach(lc, sources)
	{
		const MigSource *source = lfirst(lc);

		if (source->place == 0)
			ereport(NOTICE,
					(errmsg("file \"%s\" is not in drizzle's journal and was skipped",
							source->up.path)));
	}
	mig_shorten_versions(result);
	return result;
}

const MigFormat mig_format_drizzle = {
	.name = "drizzle",
	.files = "<number>_<name>.sql, with an entry in meta/_journal.json",
	.together = true,
	.recognise = drizzle_recognise,
	.settings = drizzle_index,
	.index = drizzle_index,
	.read = drizzle_read,
	.finish = drizzle_finish
};
