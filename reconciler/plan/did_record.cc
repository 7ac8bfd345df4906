#include "reconciler/plan/did_record.h"

namespace zonecast::plan {

bool mayHave(std::string_view customer, const DidRecord& record, std::string_view discovered,
             Duration keep, WallTime now) {
  if (customer != record.customer) return false;
  if (!record.freed) return true;
  return customer != discovered && now < WallTime(*record.freed) + keep;
}

}  // namespace zonecast::plan
