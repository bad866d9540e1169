//! FLISR on three feeders.
