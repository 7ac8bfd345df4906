// What stands in a table file, as a worker sees it. Needs no daemon, only the file.
#pragma once

#include <string>

namespace zonecast {

struct TableFile {
  std::string path = "/dev/shm/zonecast-main/table";
  std::string owner;  // the user it must belong to; empty: root or ourselves
};

// Prints what a look-up gives, as any worker would do it. The command's exit code.
int lookUp(const TableFile& file, const std::string& host, bool json);

// Prints generations, who reads them, what is free, how old it is.
int showTable(const TableFile& file, bool json);

}  // namespace zonecast
