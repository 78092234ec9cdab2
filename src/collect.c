/*-------------------------------------------------------------------------
 *
 * collect.c
 *	  From files to migrations.
 *
 * Owns which format a file or a directory is in, and which files make one
 * migration.  What the formats are is format.c's business: nothing here is
 * about one of them.
 *
 * Pure: no SPI, no catalogs, no locks, no file access, any transaction state.
 * Memory is the caller's current context.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"

#include "miscadmin.h"

/* A migration that may still lack one of its files. */
typedef struct Joined
{
	const char *key;			/* kind and version */
	MigSource  *source;
	const char *path;			/* of the first file that was seen */
} Joined;

static MigFit
recognise(const MigFormat *format, const MigFileEntry *entry)
{
	if (entry->language &&
		(format->languages == NULL || strstr(format->languages, entry->language) == NULL))
		return FIT_NO;
	return format->recognise(entry);
}

/* Which of two that are sure of a file is right: one with a mark, rather. */
static int
rank(const MigFormat *format)
{
	return format->mark ? 2 : format->unmarked ? 0 : 1;
}

/* The one format that a file surely is of, or NULL. */
static const MigFormat *
recognise_entry(const MigFileEntry *entry)
{
	const MigFormat *found = NULL;
	int			i;

	for (i = 0; i < mig_nformats; i++)
	{
		const MigFormat *format = mig_formats[i];

		if (recognise(format, entry) != FIT_SURE ||
			(found && rank(format) < rank(found)))
			continue;
		if (found && rank(format) == rank(found))
			ereport(ERROR,
					(errcode(ERRCODE_MIG_BAD_FILE),
					 errmsg("file \"%s\" has directives of two formats",
							entry->file->path),
					 errdetail("The formats are %s and %s.",
							   found->name, format->name)));
		found = format;
	}
	return found;
}

/* Can a file whose own format is known be one of that format? */
static bool
fits(const MigFormat *format, const MigFileEntry *entry)
{
	const MigFormat *own = entry->format;

	switch (recognise(format, entry))
	{
		case FIT_SURE:
			return own == NULL || rank(format) >= rank(own);
		case FIT_POSSIBLE:
			return own == NULL || own->mark == NULL;
		default:
			return false;
	}
}

static void
unknown_file(const MigFileEntry *entry)
{
	ereport(ERROR,
			(errcode(ERRCODE_MIG_BAD_FILE),
			 errmsg("file \"%s\" is not a migration of a known format",
					entry->file->path),
			 errhint("Name it <version>_<name>.sql. The files of other tools are recognised as well; the formats are %s.",
					 mig_format_names())));
}

/* Read a file whose format is known: a List of MigSource *. */
static List *
read_entry(const MigFileEntry *entry)
{
	const MigFormat *format = entry->format;
	List	   *sources;
	ListCell   *lc;

	CHECK_FOR_INTERRUPTS();
	if (format->read_list)
		sources = format->read_list(entry);
	else
	{
		MigSource  *source = palloc0(sizeof(MigSource));

		source->kind = MIG_KIND_VERSIONED;
		format->read(entry, source);
		sources = list_make1(source);
	}
	foreach(lc, sources)
	{
		MigSource  *source = (MigSource *) lfirst(lc);

		source->format = format->name;
		if (source->name[0] == '\0' && entry->numbered)
			source->name = source->version;
		if (source->name[0] == '\0')
			ereport(ERROR,
					(errcode(ERRCODE_MIG_BAD_FILE),
					 errmsg("file \"%s\" gives its migration no name",
							entry->file->path),
					 errdetail("Files of the format %s are named %s.",
							   format->name, format->files)));
	}
	return sources;
}

/*
 * mig_format_read_file
 *		What one file alone says about its migrations: a List of MigSource *.
 *
 * Of the path only the last two components matter.  If the format has more
 * than one file for a migration, the scripts of the others have no text; a
 * settings file gives a result that has no text at all.  The results are
 * palloc'd and share the path with *file.  Raises ERRCODE_MIG_BAD_FILE if the
 * format is not clear or not kept, or says too little in one file.
 */
List *
mig_format_read_file(const MigFile *file)
{
	MigFileEntry *entry = mig_file_entry(file);
	int			i;

	entry->alone = true;
	if (entry->sql || entry->language)
		entry->format = recognise_entry(entry);
	for (i = 0; i < mig_nformats && entry->format == NULL; i++)
	{
		const MigFormat *format = mig_formats[i];

		if ((format->settings && format->settings(entry)) ||
			(format->index && format->index(entry)))
			entry->format = format;
	}
	if (entry->format == NULL)
		unknown_file(entry);
	if (entry->format->together)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" says too little without the others of its directory",
						file->path),
				 errdetail("It is of the format %s.", entry->format->name),
				 errhint("Use migrate_register_files() or migrate_load().")));
	return read_entry(entry);
}

/*
 * Directories.
 */

static bool
same_directory(const MigFileEntry *a, const MigFileEntry *b)
{
	size_t		len = a->base - a->file->path;

	return len == b->base - b->file->path &&
		memcmp(a->file->path, b->file->path, len) == 0;
}

/* A migration must lie where its format has it. */
static void
check_place(const MigFileEntry *entry, const MigFormat *format,
			const MigFileEntry *shallowest, const MigFileEntry *deepest)
{
	if (!format->nested && !same_directory(entry, shallowest))
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" lies in a subdirectory",
						entry->file->path),
				 errdetail("The migrations are in the format %s, which has all files in one directory, here that of \"%s\".",
						   format->name, shallowest->file->path)));
	if (format->nested && entry->depth < deepest->depth)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" does not lie in a subdirectory",
						entry->file->path),
				 errdetail("The migrations are in the format %s, which has a directory for each of them, such as that of \"%s\".",
						   format->name, deepest->file->path)));
}

/* Say what is wrong with a file among those of another format. */
static void
refuse_entry(const MigFileEntry *entry, const MigFormat *format,
			 const MigFileEntry *example)
{
	if (entry->format == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" does not fit the other migrations of its directory",
						entry->file->path),
				 errdetail("They are in the format %s, whose files are named %s.",
						   format->name, format->files),
				 errhint("Rename the file or move it elsewhere.")));
	if (format->mark && entry->format->unmarked)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" has no line \"%s\"",
						entry->file->path, format->mark),
				 errdetail("Other migrations of its directory, such as \"%s\", are in the format %s, which requires that line before the script.",
						   example->file->path, format->name)));
	ereport(ERROR,
			(errcode(ERRCODE_MIG_BAD_FILE),
			 errmsg("files \"%s\" and \"%s\" are in different formats",
					entry->file->path, example->file->path),
			 errdetail("The first looks like %s, the second like %s.",
					   entry->format->name, format->name),
			 errhint("Keep the migrations of one directory in one format.")));
}

/* The format that a file of the directory stands for, or NULL. */
static const MigFormat *
find_index(List *entries, const MigFileEntry **index)
{
	const MigFormat *found = NULL;
	const MigFileEntry *shallowest = NULL;
	ListCell   *lc;
	int			i;

	foreach(lc, entries)
	{
		const MigFileEntry *entry = lfirst(lc);

		if (entry->sql || (shallowest && entry->depth >= shallowest->depth))
			continue;
		for (i = 0; i < mig_nformats; i++)
		{
			if (mig_formats[i]->index && mig_formats[i]->index(entry))
			{
				found = mig_formats[i];
				shallowest = entry;
			}
		}
	}
	*index = shallowest;
	return found;
}

/*
 * The format of a directory: one that a file of it stands for, or one that
 * some migration surely is of and that all others may be of.  Files in other
 * languages count where there is no SQL.  NULL if there is no migration.
 */
static const MigFormat *
choose_format(List *entries)
{
	int		   *votes = palloc0(sizeof(int) * mig_nformats);
	const MigFileEntry **example = palloc0(sizeof(MigFileEntry *) * mig_nformats);
	const MigFileEntry *shallowest = linitial(entries);
	const MigFileEntry *first = NULL;
	const MigFileEntry *deepest = NULL;
	const MigFileEntry *misfit = NULL;
	const MigFileEntry *index;
	const MigFormat *chosen = find_index(entries, &index);
	bool		indexed = chosen != NULL;
	bool		sql = false;
	int			best = -1;
	int			i;
	ListCell   *lc;

	foreach(lc, entries)
	{
		MigFileEntry *entry = lfirst(lc);

		entry->indexed = indexed;
		entry->index = index;
		if (entry->depth < shallowest->depth)
			shallowest = entry;
		sql |= entry->sql;
	}
	foreach(lc, entries)
	{
		MigFileEntry *entry = lfirst(lc);

		if (indexed || (sql ? !entry->sql : entry->language == NULL))
			continue;
		entry->format = recognise_entry(entry);
		if (!sql && entry->format == NULL)
			continue;
		if (first == NULL)
			first = deepest = entry;
		if (entry->depth > deepest->depth)
			deepest = entry;
		for (i = 0; i < mig_nformats; i++)
		{
			if (entry->format == mig_formats[i] && votes[i]++ == 0)
				example[i] = entry;
		}
	}
	if (!indexed && first == NULL)
		return NULL;

	for (i = 0; i < mig_nformats; i++)
	{
		const MigFileEntry *first_misfit = NULL;

		if (votes[i] == 0)
			continue;
		foreach(lc, entries)
		{
			const MigFileEntry *entry = lfirst(lc);

			if (entry->sql && !fits(mig_formats[i], entry))
			{
				first_misfit = entry;
				break;
			}
		}
		if (first_misfit == NULL || best < 0 || votes[i] > votes[best])
		{
			best = i;
			misfit = first_misfit;
		}
		if (misfit == NULL)
			break;
	}
	if (!indexed)
	{
		if (best < 0)
			unknown_file(first);
		chosen = mig_formats[best];
	}
	if (misfit)
	{
		if (!chosen->nested && !chosen->scattered)
			check_place(misfit, chosen, shallowest, deepest);
		refuse_entry(misfit, chosen, example[best]);
	}

	foreach(lc, entries)
	{
		MigFileEntry *entry = lfirst(lc);
		bool		in_place = indexed || chosen->scattered ||
			(chosen->nested ? entry->depth == deepest->depth :
			 same_directory(entry, shallowest));

		entry->format = NULL;
		if (entry->sql && !indexed)
		{
			if (!chosen->scattered)
				check_place(entry, chosen, shallowest, deepest);
			entry->format = chosen;
		}
		else if (entry->sql || entry->language)
		{
			if (in_place && recognise(chosen, entry) != FIT_NO)
				entry->format = chosen;
		}
		if (entry->format == NULL && !entry->sql && in_place &&
			((chosen->settings && chosen->settings(entry)) ||
			 (chosen->index && chosen->index(entry))))
			entry->format = chosen;
	}
	return chosen;
}

static void
join_script(MigScript *into, const MigScript *from, const MigSource *source,
			const char *direction)
{
	bool		no_transaction = into->no_transaction || from->no_transaction;

	if (from->text)
	{
		if (into->text)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_CONFLICT),
					 errmsg("files \"%s\" and \"%s\" both have the %s script of migration \"%s\"",
							into->path, from->path, direction,
							source->version),
					 errhint("Rename or remove one of them.")));
		*into = *from;
	}
	into->no_transaction = no_transaction;
}

/* Add what a further file of the same migration says. */
static void
join_source(MigSource *into, const MigSource *from)
{
	join_script(&into->up, &from->up, into, "up");
	join_script(&into->down, &from->down, into, "down");
	if (from->up.text)
	{
		into->name = from->name;
		into->hole = from->hole;
		into->verify = from->verify;
		into->requires = from->requires;
	}
}

/*
 * mig_format_read_directory
 *		All migrations of a directory.
 *
 * Takes a List of MigFile * of the directory and its subdirectories, all with
 * content for which mig_format_reads() says so.  Returns a List of MigSource *
 * in the order in which their first files came, and sets *format (static
 * storage; NULL if there are no migrations) and *skipped (List of char *, the
 * paths of files that are no migrations).  The results are palloc'd and share
 * the paths with the files.  Raises ERRCODE_MIG_BAD_FILE if a file does not
 * fit, and ERRCODE_MIG_CONFLICT if two files are the same script of the same
 * version; that 021 is 21 is left to the caller to see.
 */
List *
mig_format_read_directory(List *files, const char **format, List **skipped)
{
	List	   *entries = NIL;
	List	   *joined_list = NIL;
	List	   *result = NIL;
	const MigFormat *chosen;
	HTAB	   *table;
	ListCell   *lc;

	*format = NULL;
	*skipped = NIL;
	if (files == NIL)
		return NIL;

	foreach(lc, files)
	{
		CHECK_FOR_INTERRUPTS();
		entries = lappend(entries, mig_file_entry(lfirst(lc)));
	}
	chosen = choose_format(entries);
	if (chosen)
		*format = chosen->name;

	if (chosen && chosen->read_all)
	{
		List	   *own = NIL;

		foreach(lc, entries)
		{
			const MigFileEntry *entry = lfirst(lc);

			if (entry->format)
				own = lappend(own, lfirst(lc));
			else
				*skipped = lappend(*skipped, entry->file->path);
		}
		return chosen->read_all(own, skipped);
	}

	table = mig_string_table("migrations of a directory", sizeof(Joined),
							 list_length(entries));
	foreach(lc, entries)
	{
		const MigFileEntry *entry = lfirst(lc);
		ListCell   *cell;

		if (entry->format == NULL)
		{
			*skipped = lappend(*skipped, entry->file->path);
			continue;
		}
		if (entry->text == NULL && entry->language == NULL &&
			chosen->settings && chosen->settings(entry))
			ereport(ERROR,
					(errcode(ERRCODE_MIG_BAD_FILE),
					 errmsg("file \"%s\" cannot be read", entry->file->path),
					 entry->file->problem ? errdetail_internal("%s", entry->file->problem) : 0));
		if (entry->format->index && entry->format->index(entry))
			continue;
		foreach(cell, read_entry(entry))
		{
			MigSource  *source = (MigSource *) lfirst(cell);
			char	   *key = psprintf("%c%s", source->kind, source->version);
			bool		found;
			Joined	   *joined = hash_search(table, &key, HASH_ENTER, &found);

			if (found)
				join_source(joined->source, source);
			else
			{
				joined->source = source;
				joined->path = entry->file->path;
				joined_list = lappend(joined_list, joined);
			}
		}
	}

	foreach(lc, joined_list)
	{
		const Joined *joined = lfirst(lc);
		const MigSource *source = joined->source;

		if (source->up.text == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_BAD_FILE),
					 errmsg("file \"%s\" belongs to no migration",
							source->down.text ? source->down.path : joined->path),
					 errdetail("There is no up script of version \"%s\" in the directory.",
							   source->version),
					 errhint("Files of the format %s are named %s.",
							 chosen->name, chosen->files)));
		result = lappend(result, joined->source);
	}
	hash_destroy(table);
	if (chosen && chosen->finish)
		result = chosen->finish(entries, result);
	return result;
}
