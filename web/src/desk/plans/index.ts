/** Plans of a street around the desk: listed, planned, published, compared. */
import '../../style/plan-dialogs.css';
import '../../style/plans.css';
import '../../style/plan-compare.css';

export { CompareView } from './CompareView';
export { Dialog as PlanDialog, DialogBody, Failure, Field } from './Dialog';
export { Actions } from './DraftDialogs';
export { PlanningDialog } from './PlanningDialog';
export { PlansPanel } from './PlansPanel';
export { PublishDialog } from './PublishDialog';
export { RollbackDialog } from './RollbackDialog';
export { failureText } from './words';
