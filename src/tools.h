/*-------------------------------------------------------------------------
 *
 * tools.h
 *	  Other tools: what they call their history, what its rows mean, and what
 *	  their checksums are of.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_TOOLS_H
#define MIGRATE_TOOLS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#define MIG_TOOL_COLUMNS 12

/* What a column may be of; several for one that was not always the same. */
#define MIG_FIELD_TEXT		0x01
#define MIG_FIELD_NUMBER	0x02
#define MIG_FIELD_BOOL		0x04
#define MIG_FIELD_TIME		0x08
#define MIG_FIELD_BYTES		0x10
#define MIG_FIELD_TEXTS		0x20	/* known, not read */
#define MIG_FIELD_OPTIONAL	0x80	/* need not be there */

typedef struct MigToolColumn
{
	const char *name;
	int			type;
} MigToolColumn;

/* A column of a row; what it has not is 0 or NULL. */
typedef struct MigToolField
{
	bool		isnull;
	bool		timed;
	char	   *text;			/* also of a number; of bytes in hexadecimal */
	int64		number;
	bool		truth;
	TimestampTz time;
} MigToolField;

typedef enum MigRowKind
{
	MIG_ROW_APPLIED,
	MIG_ROW_UNDONE,				/* takes back what an earlier row says */
	MIG_ROW_BASELINE,			/* it stands for all up to its version */
	MIG_ROW_BASELINE_SCRIPT,	/* ... and so does a script that ran */
	MIG_ROW_LAST,				/* all up to its version, and nothing else */
	MIG_ROW_HEAD,				/* it and all that it requires */
	MIG_ROW_FAILED,				/* nobody can say what is there */
	MIG_ROW_IGNORED				/* about no migration */
} MigRowKind;

/* A row of a tool's history. */
typedef struct MigToolRow
{
	MigRowKind	kind;
	bool		repeatable;
	int64		rank;			/* in this order they came about */
	char	   *identity;		/* two rows with one are about one migration */
	char	   *scope;			/* sqitch: the project */
	List	   *versions;		/* of char *: what its version may be called */
	char	   *file;			/* its file's name, with or without extension */
	char	   *name;			/* NULL: not told */
	char	   *checksum;		/* NULL: none that could be compared */
	char	   *previous;		/* graphile-migrate: hash of the one before */
	bool		dated;
	TimestampTz at;
	char	   *by;				/* NULL: not told */
	int64		duration_us;
	char	   *failure;		/* MIG_ROW_FAILED: a sentence */
} MigToolRow;

/* A registered up script, for a checksum. */
typedef struct MigSumText
{
	const char *text;			/* as registered, in UTF-8 */
	const char *file;			/* last component of its path, or "" */
} MigSumText;

/* A SHA-256 that can be asked for its value at any time. */
typedef struct MigRunningHash
{
	uint32		state[8];
	uint64		length;
	uint8		block[64];
} MigRunningHash;

typedef struct MigTool MigTool;

struct MigTool
{
	const char *name;			/* what the argument calls it */
	const char *title;			/* what sentences call it */
	const char *table;			/* name of its table, unless that was changed */
	bool		named;			/* only the name tells it from other things */
	bool		closed;			/* there are no other columns */
	MigToolColumn columns[MIG_TOOL_COLUMNS];
	void		(*row) (const MigToolField *fields, MigToolRow *row);
	/* what ends the name of the table that says that it is at work, or NULL */
	const char *lock_table;
	const char *lock_column;
	/* the advisory lock that it holds while it is at work; NULL: none */
	int64		(*lock) (const char *schema, const char *table,
						 const char *database);
	/* does its checksum fit the text; if not, what would?  NULL: no checksum */
	bool		(*verify) (const MigToolRow *row, const MigSumText *text,
						   char **computed);
	bool		running;		/* each checksum covers all files before it */
	bool		any_kind;		/* rows of repeatables look like others */
	bool		checkpoints;	/* a row may be about a baseline script */
	bool		last_only;		/* it says how far it came, not what came */
	bool		by_name;		/* a name that only one row has will do */
	bool		by_hash;		/* rows have no name: the checksum is it */
	const char *format;			/* format that tells it from its like */
	const char *remedy;			/* what to do about a failed row, a sentence */
};

/* tools.c */
extern const MigTool mig_tools[];
extern const int mig_ntools;

extern const MigTool *mig_tool_find(const char *name);
extern char *mig_tool_names(void);

/* sums.c */
extern int32 mig_sum_crc32_lines(const char *text);
extern char *mig_sum_hex(const char *text, int type);
extern bool mig_sum_flyway(const MigToolRow *row, const MigSumText *text,
						   char **computed);
extern bool mig_sum_liquibase(const MigToolRow *row, const MigSumText *text,
							  char **computed);
extern bool mig_sum_graphile(const MigToolRow *row, const MigSumText *text,
							 char **computed);
extern bool mig_sum_sha1(const MigToolRow *row, const MigSumText *text,
						 char **computed);
extern bool mig_sum_named_sha1(const MigToolRow *row, const MigSumText *text,
							   char **computed);
extern bool mig_sum_sha256(const MigToolRow *row, const MigSumText *text,
						   char **computed);
extern bool mig_sum_sha384(const MigToolRow *row, const MigSumText *text,
						   char **computed);
extern List *mig_sum_variants(const char *text);
extern uint32 mig_crc32(const char *bytes, size_t len);
extern int32 mig_java_hash(const char *utf8);
extern void mig_running_hash_begin(MigRunningHash *hash);
extern void mig_running_hash_add(MigRunningHash *hash, const char *bytes);
extern char *mig_running_hash_value(const MigRunningHash *hash);
extern bool mig_atlas_ignores(const char *text);

#endif							/* MIGRATE_TOOLS_H */
